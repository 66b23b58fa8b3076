// What an app in Node.js does today with openid-client and the AWS SDK for JavaScript, both as they come, connections kept
// alive: the other side of `cargo xtask bench`. It speaks the protocol of tests/speed: an address to open, a redirect on
// stdin, and what a piece of work took. Modules are loaded before the clock starts.
import dns from 'node:dns'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import readline from 'node:readline'
import { CognitoIdentityClient, GetCredentialsForIdentityCommand, GetIdCommand } from '@aws-sdk/client-cognito-identity'
import { ListObjectsV2Command, S3Client, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import * as client from 'openid-client'

const place = JSON.parse(process.env.JETBRIDGE_BENCH)
const [scenario, argument] = process.argv.slice(2)

// As curl's --resolve: how far away `localhost` is depends on its address.
const lookup = dns.lookup
dns.lookup = (host, options, done) => {
  if (host !== 'localhost') return lookup(host, options, done)
  const family = place.localhost.includes(':') ? 6 : 4
  const found = options.all ? [[{ address: place.localhost, family }]] : [place.localhost, family]
  process.nextTick(done, null, ...found)
}

// Left to itself, Node's fetch opens a second connection for the keys, because the one of the token call is not free in that
// instant: a round trip more, two with TLS. One connection for each server is the best that it can do.
void globalThis.Response // loads it
// Node.js 20 has the first, 24 both, and of 26 the first only wraps the second.
const dispatchers = [1, 2].map((version) => Symbol.for(`undici.globalDispatcher.${version}`))
const agents = dispatchers.filter((dispatcher) => globalThis[dispatcher]?.constructor.name === 'Agent')
if (!agents.length) throw new Error(`how fetch of Node.js ${process.version} takes one connection is not known`)
for (const agent of agents) globalThis[agent] = new globalThis[agent].constructor({ connections: 1 })

const keepAlive = { httpAgent: new http.Agent({ keepAlive: true }), httpsAgent: new https.Agent({ keepAlive: true }) }
const logins = (idToken) => ({ [place.issuer.replace(/^https?:\/\//, '')]: idToken })
const tell = (event) => process.stdout.write(JSON.stringify(event) + '\n')
const read = () => JSON.parse(fs.readFileSync(place.state, 'utf8'))
const keep = (state) => fs.writeFileSync(place.state, JSON.stringify(state), { mode: 0o600 })

// Discovery looks for this very function.
const allowed = place.issuer.startsWith('http:') ? [client.allowInsecureRequests] : []

function cognito() {
  return new CognitoIdentityClient({ region: place.region, endpoint: place.cognito, requestHandler: keepAlive })
}

function s3(credentials) {
  return new S3Client({ region: place.region, endpoint: place.s3, forcePathStyle: true, credentials, requestHandler: keepAlive })
}

async function firstPage(s3) {
  const page = await s3.send(new ListObjectsV2Command({ Bucket: place.bucket }))
  if (!page.KeyCount) throw new Error('an empty page')
}

async function credentialsOf(cognito, identityId, idToken) {
  const input = { IdentityId: identityId, Logins: logins(idToken) }
  const { Credentials } = await cognito.send(new GetCredentialsForIdentityCommand(input))
  return {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretKey,
    sessionToken: Credentials.SessionToken,
    expiration: Credentials.Expiration,
  }
}

// From the redirect to the first page. The identity is asked for unless it is known from an earlier sign-in.
async function signIn() {
  const config = await client.discovery(new URL(place.issuer), place.client_id, undefined, client.None(), { execute: allowed })
  client.enableNonRepudiationChecks(config)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: place.redirect_uri,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  })
  tell({ event: 'open', url: url.href })
  const redirect = await nextLine()
  const known = fs.existsSync(place.state) ? read().identityId : undefined
  const aws = cognito()

  let tokens, identityId, credentials
  const took = await timed(async () => {
    tokens = await client.authorizationCodeGrant(config, new URL(redirect), checks)
    const input = { IdentityPoolId: place.pool, Logins: logins(tokens.id_token) }
    identityId = known ?? (await aws.send(new GetIdCommand(input))).IdentityId
    credentials = await credentialsOf(aws, identityId, tokens.id_token)
    await firstPage(s3(credentials))
  })
  const { refresh_token: refreshToken } = tokens
  keep({ identityId, credentials, refreshToken, server: config.serverMetadata(), keys: client.getJwksCache(config) })
  return took
}

// With credentials that are there.
async function restored() {
  return timed(async () => firstPage(s3(fresh(read()))))
}

// Over a connection that is there.
async function warm() {
  const there = s3(fresh(read()))
  await firstPage(there)
  return timed(async () => firstPage(there))
}

// Tokens and credentials, with all that could be kept of the server: its endpoints and its keys.
function renewing() {
  const state = read()
  const config = new client.Configuration(state.server, place.client_id, undefined, client.None())
  for (const allow of allowed) allow(config)
  client.enableNonRepudiationChecks(config)
  if (state.keys) client.setJwksCache(config, state.keys)
  const aws = cognito()
  return async () => {
    const tokens = await client.refreshTokenGrant(config, state.refreshToken)
    return credentialsOf(aws, state.identityId, tokens.id_token)
  }
}

async function renewal() {
  const renew = renewing()
  return timed(renew)
}

// The SDK asks its provider once for all who wait, and once more if what it got ends within five minutes: as it would here,
// where everything is short-lived, so it is not told.
async function callers() {
  const renew = renewing()
  const there = s3(async () => ({ ...(await renew()), expiration: undefined }))
  return timed(async () => Promise.all(Array.from({ length: Number(argument) }, () => there.config.credentials())))
}

async function list() {
  let count = 0
  for await (const page of paginateListObjectsV2({ client: s3(fresh(read())) }, { Bucket: argument })) {
    count += page.Contents?.length ?? 0
  }
  process.stdout.write(`${count}\n`)
}

function fresh(state) {
  return { ...state.credentials, expiration: new Date(state.credentials.expiration) }
}

async function timed(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function nextLine() {
  const lines = readline.createInterface({ input: process.stdin })
  for await (const line of lines) return line
  throw new Error('no redirect came')
}

function peakKib() {
  try {
    return Number(fs.readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s*(\d+) kB/m)[1])
  } catch {
    return null
  }
}

if (scenario === 'list') {
  await list()
} else {
  const took = await { 'sign-in': signIn, restored, warm, renewal, callers }[scenario]()
  tell({ event: 'measured', ms: took, peak_kib: peakKib() })
}
process.exit(0)
