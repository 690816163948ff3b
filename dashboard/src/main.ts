import 'uplot/dist/uPlot.min.css';
import './styles.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { takeToken } from './lib/token.ts';
import { applyTheme, savedTheme } from './lib/theme.ts';

applyTheme(savedTheme());
mount(App, { target: document.body, props: { token: takeToken() } });
