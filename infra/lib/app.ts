/** Puts the app together: settings, stack, and the rules that every template must pass. */
import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { STACK_NAME } from './outputs';
import { readSettings } from './settings';
import { JetbridgeStack } from './stack';

export function createApp(props: AppProps = {}): { app: App; stack: JetbridgeStack } {
  const app = new App(props);
  const stack = new JetbridgeStack(app, STACK_NAME, readSettings(app.node));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack };
}
