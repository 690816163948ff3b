import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { takeToken } from './lib/token.ts';
import { applyTheme, registerColors, savedTheme } from './lib/theme.ts';

registerColors();
applyTheme(savedTheme());
mount(App, { target: document.body, props: { token: takeToken() } });
