package dev.jetbridge.aws

import aws.sdk.kotlin.services.s3.S3Client
import aws.sdk.kotlin.services.s3.listBuckets
import dev.jetbridge.JetbridgeSession

/** The guide's code for the AWS SDK for Kotlin: SampleTest of the library compares the two. */
suspend fun buckets(session: JetbridgeSession): List<String?> {
    // Another service: its client with a region, and credentialsProvider = JetbridgeCredentialsProvider(session)
    val s3 = S3Client { useJetbridge(session) }
    return s3.use {
        it
            .listBuckets()
            .buckets
            .orEmpty()
            .map { bucket -> bucket.name }
    }
}
