// Signs in at the local stack with the stock `openid-client`, which shares no code with the stack or the core: it
// discovers, pushes the request, verifies state, issuer, nonce and signature, refreshes, revokes and signs out. The
// page is driven with plain fetch, as curl would. Prints what came of it as one line of JSON.
import * as client from 'openid-client'

const [issuer, clientId, redirectUri, logoutUri, username, password] = process.argv.slice(2)

const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
  execute: [client.allowInsecureRequests],
})
client.enableNonRepudiationChecks(config)

const codeVerifier = client.randomPKCECodeVerifier()
const checks = { pkceCodeVerifier: codeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
const parameters = {
  redirect_uri: redirectUri,
  scope: 'openid profile email offline_access',
  code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
  code_challenge_method: 'S256',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
}
const authorizationUrl = await client.buildAuthorizationUrlWithPAR(config, parameters)
const currentUrl = await signIn(authorizationUrl)

const tokens = await client.authorizationCodeGrant(config, currentUrl, checks)
const { sub } = tokens.claims()
const profile = await client.fetchUserInfo(config, tokens.access_token, sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
await client.tokenRevocation(config, refreshed.refresh_token)
const afterRevocation = await client.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error.error)
const goodbye = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: logoutUri,
  id_token_hint: refreshed.id_token,
  state: 'bye',
})
const afterLogout = (await fetch(goodbye, { redirect: 'manual' })).headers.get('location')

console.log(JSON.stringify({
  sub,
  email: profile.email,
  refreshed_sub: refreshed.claims().sub,
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  after_revocation: afterRevocation,
  after_logout: afterLogout,
}))

async function signIn(url) {
  const page = await fetch(url, { redirect: 'manual' })
  const html = await page.text()
  const field = (pattern) => html.match(pattern)[1].replaceAll('&amp;', '&')
  const answer = await fetch(new URL(field(/<form[^>]* action="([^"]*)"/), url), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ') },
    body: new URLSearchParams({
      form_token: field(/name="form_token" value="([^"]*)"/),
      username,
      password,
      action: 'sign_in',
    }),
  })
  return new URL(answer.headers.get('location'))
}
