package dev.jetbridge

/** What an S3 client of an AWS SDK has to be told to find the bucket of the configuration. */
public data class S3Settings(
    /** The bucket. */
    public val bucket: String,
    /** Its AWS region. */
    public val region: String,
    /** An S3-compatible server in place of AWS, without a slash at its end; null for AWS. */
    public val endpoint: String? = null,
    /** Whether the bucket is named in the path of a URL instead of in its host. */
    public val forcePathStyle: Boolean = false,
)
