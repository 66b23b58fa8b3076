/** The templates that are tested and linted, each by the choices that make it. Together they use every choice. */
export const VARIANTS: Record<string, Record<string, string>> = {
  demo: { setting: 'demo' },
  production: { setting: 'production' },
  guest: { setting: 'demo', guest: 'true' },
  admin: { setting: 'demo', admin: 'true' },
  api: { setting: 'demo', api: 'true' },
  existing: {
    setting: 'demo',
    existingProviderArn: 'arn:aws:iam::123456789012:oidc-provider/dev-12345678.okta.com/oauth2/default',
  },
  all: { setting: 'demo', guest: 'true', admin: 'true', api: 'true' },
  'all-production': { setting: 'production', guest: 'true', admin: 'true', api: 'true' },
};
