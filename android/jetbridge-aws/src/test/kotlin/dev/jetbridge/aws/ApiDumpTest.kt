package dev.jetbridge.aws

import dev.jetbridge.testing.ApiDump
import org.junit.Test

/** What apps see of the artifact: see [ApiDump]. */
class ApiDumpTest {
    @Test
    fun `the public API is the one that was written down`() = ApiDump.compare(JetbridgeCredentialsProvider::class.java, "kotlin-aws.txt")
}
