package dev.jetbridge.aws

import aws.smithy.kotlin.runtime.auth.awscredentials.Credentials
import aws.smithy.kotlin.runtime.auth.awscredentials.CredentialsProvider
import aws.smithy.kotlin.runtime.auth.awscredentials.CredentialsProviderException
import aws.smithy.kotlin.runtime.collections.Attributes
import aws.smithy.kotlin.runtime.time.Instant
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.accessKeyId
import dev.jetbridge.expiration
import dev.jetbridge.secretAccessKey
import dev.jetbridge.sessionToken

/**
 * The session's credentials for any client of the AWS SDK for Kotlin:
 *
 * ```
 * val tables = DynamoDbClient { region = "eu-central-1"; credentialsProvider = JetbridgeCredentialsProvider(session) }
 * ```
 *
 * For S3, `useJetbridge` sets the bucket's region and endpoint too. The session renews and keeps them, so there is no need of the
 * SDK's `cached()`; with it, they are asked for again before they run out. Closing a client closes neither this nor the session.
 */
public class JetbridgeCredentialsProvider(
    private val session: JetbridgeSession,
) : CredentialsProvider {
    /**
     * The credentials of now: the SDK asks before each request.
     *
     * @throws CredentialsProviderException whose cause is the [JetbridgeException] that says what to do
     */
    override suspend fun resolve(attributes: Attributes): Credentials =
        try {
            session.awsCredentials().use { keys ->
                val expiration = keys.expiration.run { Instant.fromEpochSeconds(epochSecond, nano) }
                Credentials(keys.accessKeyId, keys.secretAccessKey, keys.sessionToken, expiration, providerName = "Jetbridge")
            }
        } catch (e: JetbridgeException) {
            throw CredentialsProviderException(e.message.orEmpty(), e)
        }
}
