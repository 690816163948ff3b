/** In CI property tests try the same cases every time, so that what fails there is of the change; elsewhere they are new each time. */
if (process.env['CI']) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: 6 });
}

export {};
