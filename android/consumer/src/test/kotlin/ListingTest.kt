import dev.jetbridge.CoreSession
import dev.jetbridge.JetbridgeConfig
import dev.jetbridge.ListingRequest
import dev.jetbridge.LoginOptions
import dev.jetbridge.SessionOptions
import dev.jetbridge.SessionState
import dev.jetbridge.libraryVersion
import dev.jetbridge.memoryStore
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

/** What somebody can do who has the published artifacts and nothing else. */
class ListingTest {
    private val folder = File(System.getenv("JETBRIDGE_CONFIG"))

    private fun text(name: String) = File(folder, name).readText()

    /** The redirect at the end of the sign-in page, by a program that stands in for browser and user. */
    private fun signInAt(url: String): String {
        val browser = ProcessBuilder(System.getenv("JETBRIDGE_BROWSER"), "sign-in", url)
        val process = browser.redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val redirect = process.inputReader().readText().trim()
        assertEquals(0, process.waitFor())
        return redirect
    }

    @Test
    fun `signs in and lists the bucket`() =
        runBlocking {
            val config = JetbridgeConfig.parse(text("okta-config.json"), text("aws-exports.json"))
            CoreSession.open(config, memoryStore(), SessionOptions()).use { session ->
                val state = session.completeLogin(signInAt(session.beginLogin(LoginOptions()).url()))
                assertInstanceOf(SessionState.SignedIn::class.java, state)
                val pages = session.listObjects(ListingRequest(pageSize = 10u))
                val keys = buildList { while (true) addAll(pages.nextPage()?.objects?.map { it.key } ?: break) }
                assertTrue("reports/2026/summary.csv" in keys, "$keys")
            }
        }

    @Test
    fun `the library is of the artifact's version`() = assertEquals(System.getProperty("jetbridge.version"), libraryVersion())

    @Test
    fun `the local stack is not shipped`() {
        assertThrows(ClassNotFoundException::class.java) { Class.forName("dev.jetbridge.LocalStack") }
    }
}
