/** What `cdk` runs (cdk.json). */
import { createApp } from '../lib/app';

try {
  createApp().app.synth();
} catch (error) {
  // A mistake in the settings or the configuration is a plain Error and says what to do; a stack trace would hide it.
  if (!(error instanceof Error) || error.constructor !== Error) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
