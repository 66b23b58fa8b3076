package dev.jetbridge

import dev.jetbridge.testing.Stack
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** What is wrong, as the core finds it at the local stack. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class DiagnosisTest {
    @get:Rule
    val stack = Stack()

    private val host get() = RuntimeEnvironment.getApplication() as TestHost

    @After
    fun close() = host.restartProcess()

    private fun DiagnosisReport.mark(link: DiagnosisLink) = findings.single { it.link == link }.mark

    @Test
    fun `a chain that holds is known as far as somebody is signed in`() =
        runBlocking {
            val session = host.jetbridge
            session.restore()
            val before = session.diagnose()
            assertEquals(DiagnosisLink.entries, before.findings.map { it.link })
            assertNull(before.broken)
            assertEquals(DiagnosisMark.UNKNOWN, before.mark(DiagnosisLink.SIGN_IN))
            assertEquals(before.findings.size, before.text.lines().count { it.isNotEmpty() })

            session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
            val after = session.diagnose()
            assertNull(after.broken)
            for (link in listOf(DiagnosisLink.SIGN_IN, DiagnosisLink.ROLE, DiagnosisLink.PREFIX)) {
                assertEquals("$link", DiagnosisMark.OK, after.mark(link))
            }
        }

    @Test
    fun `what a role may not do is named with what would help, and nothing behind it is claimed`() =
        runBlocking {
            val session = host.jetbridge
            session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
            stack.local.injectFault("s3-access-denied", UInt.MAX_VALUE)
            val report = session.diagnose()
            val broken = report.broken!!
            assertTrue("${broken.link}", broken.link in DiagnosisLink.BUCKET..DiagnosisLink.PREFIX)
            assertTrue("${broken.fix}", "s3:" in broken.fix.orEmpty())
            assertTrue(broken.fix!! in report.text)
            val behind = report.findings.dropWhile { it.link <= broken.link }
            assertTrue(behind.isNotEmpty() && behind.all { it.mark == DiagnosisMark.NOT_REACHED })
        }

    @Test
    fun `a clock that is a day off is named, and hides nothing`() =
        runBlocking {
            stack.local.injectFault("clock-day-ahead", 1u)
            val session = host.jetbridge
            session.restore()
            val report = session.diagnose()
            assertEquals(DiagnosisLink.CLOCK, report.broken!!.link)
            assertTrue(report.text, report.findings.none { it.mark == DiagnosisMark.NOT_REACHED })
            // What is worse is named before it.
            stack.local.injectFault("okta-client-missing", 1u)
            assertEquals(DiagnosisLink.CLIENT, session.diagnose().broken!!.link)
        }

    @Test
    fun `whoever asked and went away stops the walk`() =
        runBlocking {
            val session = host.jetbridge
            session.restore()
            stack.local.setLatency(1_000uL)
            val asking = async(Dispatchers.IO) { session.diagnose() }
            while (stack.count("discovery") == 0 && asking.isActive) Thread.sleep(10)
            asking.cancelAndJoin()
            assertTrue(asking.isCancelled)
        }
}
