package dev.jetbridge.testing

import org.junit.Test

/** What apps see of the artifact: see [ApiDump]. */
class ApiDumpTest {
    @Test
    fun `the public API is the one that was written down`() = ApiDump.compare(FakeJetbridgeSession::class.java, "kotlin-testing.txt")
}
