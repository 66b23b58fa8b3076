package dev.jetbridge.aws

import aws.sdk.kotlin.services.s3.S3Client
import aws.smithy.kotlin.runtime.net.url.Url
import dev.jetbridge.JetbridgeSession

/*
 * Why this is a file of its own: an app that uses another service has no S3 client, and never loads this.
 */

/**
 * The session's credentials, and the region, endpoint and path style of the configuration's bucket:
 *
 * ```
 * val s3 = S3Client { useJetbridge(session) }
 * ```
 */
public fun S3Client.Config.Builder.useJetbridge(session: JetbridgeSession) {
    val settings = session.s3Settings
    credentialsProvider = JetbridgeCredentialsProvider(session)
    region = settings.region
    endpointUrl = settings.endpoint?.let { Url.parse(it) }
    forcePathStyle = settings.forcePathStyle
}
