import { App } from './app.js';

/** What the server told the page about itself. */
function readFacts() {
  const told = document.querySelector('meta[name="holdfast"]')?.getAttribute('content');
  return JSON.parse(told ?? '{"version":"","demo":[]}');
}

const place = document.getElementById('app');
if (place !== null) void new App(place, readFacts()).start();
