package dev.jetbridge.testing

import dev.jetbridge.AccessToken
import dev.jetbridge.ApiHeader
import dev.jetbridge.ApiResponse
import dev.jetbridge.AuthorizationRequest
import dev.jetbridge.AwsCredentials
import dev.jetbridge.IdTokenClaims
import dev.jetbridge.NoHandle
import dev.jetbridge.PresignedUrl
import dev.jetbridge.SignedHeaders
import java.time.Instant

/*
 * Why this exists: what carries a secret is an object of Rust's. The generated classes can be made without one (NoHandle, which
 * UniFFI has for tests), and then answer what is written here.
 */

/** Keys that sign nothing. */
public class FakeAwsCredentials(
    private val accessKeyId: String = "ASIAFAKEFAKEFAKEFAKE",
    private val secretAccessKey: String = "fake-secret",
    private val sessionToken: String = "fake-session-token",
    private val expiration: Instant = Instant.MAX,
) : AwsCredentials(NoHandle) {
    override fun accessKeyId(): String = accessKeyId

    override fun secretAccessKey(): String = secretAccessKey

    override fun sessionToken(): String = sessionToken

    override fun expiresAt(): Instant = expiration
}

/** A token that opens nothing. */
public class FakeAccessToken(
    private val value: String = "fake-access-token",
    private val expiration: Instant? = null,
) : AccessToken(NoHandle) {
    override fun text(): String = value

    override fun expiresAt(): Instant? = expiration
}

/** A request that no server has seen. */
public class FakeAuthorizationRequest(
    private val url: String = "https://example.okta.com/oauth2/default/v1/authorize",
    private val redirectUri: String = "com.example.app:/callback",
) : AuthorizationRequest(NoHandle) {
    override fun url(): String = url

    override fun redirectUri(): String = redirectUri

    override fun openBefore(): Instant? = null

    override fun expiresAt(): Instant = Instant.MAX
}

/**
 * An ID token's claims.
 *
 * @param others further claims by their names: texts, lists of texts, numbers, true or false
 */
public class FakeIdTokenClaims(
    private val subject: String = FakeJetbridgeSession.ALICE.subject,
    private val groups: List<String> = emptyList(),
    private val others: Map<String, Any> = emptyMap(),
) : IdTokenClaims(NoHandle) {
    override fun subject(): String = subject

    override fun issuer(): String = "https://example.okta.com/oauth2/default"

    override fun audience(): List<String> = listOf("fake-client-id")

    override fun issuedAt(): Instant = Instant.EPOCH

    override fun expiresAt(): Instant = Instant.MAX

    override fun authenticatedAt(): Instant? = null

    override fun groups(): List<String> = groups

    override fun names(): List<String> = listOf("sub", "iss", "aud", "iat", "exp", "groups") + others.keys

    override fun text(name: String): String? = others[name] as? String

    override fun texts(name: String): List<String> =
        when (val claim = others[name]) {
            is String -> listOf(claim)
            is List<*> -> claim.filterIsInstance<String>()
            else -> emptyList()
        }

    override fun flag(name: String): Boolean? = others[name] as? Boolean

    override fun number(name: String): Double? = (others[name] as? Number)?.toDouble()

    override fun json(): String = "{}"
}

/** What an API answered. */
public class FakeApiResponse(
    private val status: Int = 200,
    private val body: ByteArray = ByteArray(0),
    private val headers: List<ApiHeader> = emptyList(),
) : ApiResponse(NoHandle) {
    override fun status(): UShort = status.toUShort()

    override fun headers(): List<ApiHeader> = headers

    override fun body(): ByteArray = body.copyOf()
}

/** Headers that sign nothing. */
public class FakeSignedHeaders(
    private val headers: List<ApiHeader> = listOf(ApiHeader("authorization", "fake-signature")),
    private val expiration: Instant = Instant.MAX,
) : SignedHeaders(NoHandle) {
    override fun headers(): List<ApiHeader> = headers

    override fun expiresAt(): Instant = expiration
}

/** A URL that opens nothing. */
public class FakePresignedUrl(
    private val url: String = "https://fake-bucket.s3.eu-central-1.amazonaws.com/fake-key?X-Amz-Signature=fake",
    private val headers: Map<String, String> = emptyMap(),
    private val expiration: Instant = Instant.MAX,
    private val isCutShort: Boolean = false,
) : PresignedUrl(NoHandle) {
    override fun url(): String = url

    override fun headers(): Map<String, String> = headers

    override fun expiresAt(): Instant = expiration

    override fun isCutShort(): Boolean = isCutShort
}
