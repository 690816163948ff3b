// npm run generate:manifest: writes deploy/hoplens.yaml.
import { writeFileSync } from 'node:fs';
import { manifestFile, renderManifest } from './chart.mjs';
import { findHelm } from './helm.mjs';
import { entry } from './say.mjs';

await entry(async () => writeFileSync(manifestFile, renderManifest(await findHelm())));
