package dev.jetbridge

import java.time.Instant

/*
 * Why this exists: what carries a secret comes from Rust as an object, whose generated class has a function for each value.
 * Kotlin reads values as properties.
 */

/** The token, for an `Authorization: Bearer` header. Never log it. */
public val AccessToken.value: String get() = text()

/** When it stops working, if Okta told. */
public val AccessToken.expiration: Instant? get() = expiresAt()

/** The public half, which names the keys in logs of AWS. */
public val AwsCredentials.accessKeyId: String get() = accessKeyId()

/** The secret half. Never log it. */
public val AwsCredentials.secretAccessKey: String get() = secretAccessKey()

/** Has to be sent with every request. Never log it. */
public val AwsCredentials.sessionToken: String get() = sessionToken()

/** When they stop working, by the service's clock. */
public val AwsCredentials.expiration: Instant get() = expiresAt()

/** Where to send the browser. It belongs to one sign-in: never log it. */
public val AuthorizationRequest.url: String get() = url()

/** Where Okta will send the browser afterwards. */
public val AuthorizationRequest.redirectUri: String get() = redirectUri()

/** When Okta takes [url] no longer, if that is known: begin again then. */
public val AuthorizationRequest.openBefore: Instant? get() = openBefore()

/** When the sign-in is forgotten. */
public val AuthorizationRequest.expiration: Instant get() = expiresAt()

/** `sub`: the user, by a name that never changes. */
public val IdTokenClaims.subject: String get() = subject()

/** `iss`: the authorization server. */
public val IdTokenClaims.issuer: String get() = issuer()

/** `aud`: whom the token is for, the app's client id among them. */
public val IdTokenClaims.audience: List<String> get() = audience()

/** `iat`, by Okta's clock. */
public val IdTokenClaims.issuedAt: Instant get() = issuedAt()

/** `exp`, by Okta's clock. A session that renews itself outlives it. */
public val IdTokenClaims.expiration: Instant get() = expiresAt()

/** `auth_time`: when the user last proved who they are, if Okta says. */
public val IdTokenClaims.authenticatedAt: Instant? get() = authenticatedAt()

/** The claim `groups`, which Okta sends only if an administrator adds it; empty without it. */
public val IdTokenClaims.groups: List<String> get() = groups()

/** The names of all claims. */
public val IdTokenClaims.names: List<String> get() = names()

/** The URL. Never log it. */
public val PresignedUrl.url: String get() = url()

/** Headers that have to be sent with it, as they were signed. */
public val PresignedUrl.headers: Map<String, String> get() = headers()

/** When it stops working, by S3's clock. */
public val PresignedUrl.expiration: Instant get() = expiresAt()

/** Whether the credentials that signed it end it before the time that was asked for. */
public val PresignedUrl.isCutShort: Boolean get() = isCutShort()

/** Why parts of an upload are still in S3; null if none are, as far as it is known. */
public val Leftovers.problem: JetbridgeException? get() = parts?.let(JetbridgeException::of)

/** The link that does not hold; null if none is known to be broken. Beside a wrong clock, which is corrected, it is the other one. */
public val DiagnosisReport.broken: DiagnosisFinding? get() = findings.lastOrNull { it.mark == DiagnosisMark.BROKEN }

/** The HTTP status. */
public val ApiResponse.status: Int get() = status().toInt()

/** The headers, in the answer's order. */
public val ApiResponse.headers: List<ApiHeader> get() = headers()

/** The first header called [name], whatever its case. */
public fun ApiResponse.header(name: String): String? = headers().firstOrNull { it.name.equals(name, ignoreCase = true) }?.value

/** The body. */
public val ApiResponse.body: ByteArray get() = body()

/** The headers to add to the request. Never log them. */
public val SignedHeaders.headers: List<ApiHeader> get() = headers()

/** When the credentials that signed it stop working. The signature itself is good for five minutes. */
public val SignedHeaders.expiration: Instant get() = expiresAt()
