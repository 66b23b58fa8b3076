package dev.jetbridge

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.lang.reflect.InvocationTargetException

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class JetbridgeExceptionTest {
    private val context get() = RuntimeEnvironment.getApplication()

    private val reasons =
        listOf(
            SignInReason.SignedOut,
            SignInReason.RefreshTokenRefused("invalid_grant"),
            SignInReason.NoRefreshToken,
            SignInReason.AuthorizationCodeRefused,
            SignInReason.IdTokenRefused("NotAuthorizedException"),
            SignInReason.InteractionRequired("login_required"),
        )

    private val errors: List<SessionException> =
        listOf(
            SessionException.UserCancelled(),
            SessionException.Retryable("failed to reach Okta", null),
            SessionException.Retryable("failed to reach Okta", 1uL),
            SessionException.Retryable("failed to reach Okta", 30uL),
            SessionException.Obstructed(RemoteService.OKTA, Obstacle.CERTIFICATE, "it is not trusted", "Open a web page."),
            SessionException.Obstructed(RemoteService.COGNITO, Obstacle.CLOCK, "it is not good yet", "Set the date."),
            SessionException.Obstructed(RemoteService.S3, Obstacle.PROXY, "the proxy refuses", "Ask who runs it."),
            SessionException.Obstructed(RemoteService.OKTA, Obstacle.INTERCEPTION, "a page", "Open a web page."),
            SessionException.Misconfigured("okta_client_id", "Okta does not know it", "copy the Client ID"),
            SessionException.AccessDenied(RemoteService.S3, "AccessDenied", null, "allow s3:ListBucket"),
            SessionException.AccessDenied(RemoteService.OKTA, "access_denied", null, "assign the user"),
            SessionException.AccessDenied(RemoteService.COGNITO, "NotAuthorizedException", "4711", "correct the pool"),
            SessionException.NotFound("bucket jetbridge-demo"),
            SessionException.AccessDenied(RemoteService.API, "Forbidden", null, "allow execute-api:Invoke"),
            SessionException.ConditionNotMet("If-Match"),
            SessionException.LocalFile("/data/user/0/app/files/report.pdf", "the disk is full"),
            SessionException.UnexpectedRedirect("no open sign-in has this state"),
            SessionException.SecureStorage("the Keystore is busy", true),
            SessionException.SecureStorage("the key is gone", false),
            SessionException.Internal("impossible"),
        ) + reasons.map { SessionException.SignInRequired(it) }

    private val ours =
        errors.map(JetbridgeException::of) +
            listOf(
                assertThrows(JetbridgeException.InvalidConfiguration::class.java) { JetbridgeSession.config("{}", "{}") },
                JetbridgeException.ConfigurationFileMissing("okta-config.json", IllegalStateException()),
                JetbridgeException.NoBrowser(),
                JetbridgeException.LibraryMissing(listOf("x86"), UnsatisfiedLinkError("not found")),
            )

    @Test
    fun `every error of the core is in this test`() {
        assertEquals(variants(SessionException::class.java), errors.map { it.javaClass }.toSet())
        assertEquals(variants(SignInReason::class.java), reasons.map { it.javaClass }.toSet())
        assertEquals(variants(ConfigException::class.java), setOf(ConfigException.Invalid::class.java))
    }

    @Test
    fun `every exception of the library is in this test`() {
        assertEquals(variants(JetbridgeException::class.java), ours.map { it.javaClass }.toSet())
    }

    /** As an app's tests make it, where there is no Rust to say what it means. */
    private fun JetbridgeException.withoutRust() =
        when (this) {
            is JetbridgeException.UserCancelled -> JetbridgeException.UserCancelled()
            is JetbridgeException.SignInRequired -> JetbridgeException.SignInRequired(reason)
            is JetbridgeException.Retryable -> JetbridgeException.Retryable(failure, retryAfter)
            is JetbridgeException.Obstructed -> JetbridgeException.Obstructed(service, obstacle, problem, hint)
            is JetbridgeException.Misconfigured -> JetbridgeException.Misconfigured(setting, problem, hint)
            is JetbridgeException.AccessDenied -> JetbridgeException.AccessDenied(service, code, requestId, hint)
            is JetbridgeException.NotFound -> JetbridgeException.NotFound(what)
            is JetbridgeException.ConditionNotMet -> JetbridgeException.ConditionNotMet(what)
            is JetbridgeException.LocalFile -> JetbridgeException.LocalFile(path, problem)
            is JetbridgeException.UnexpectedRedirect -> JetbridgeException.UnexpectedRedirect(detail)
            is JetbridgeException.SecureStorage -> JetbridgeException.SecureStorage(detail, mayPass)
            is JetbridgeException.Internal -> JetbridgeException.Internal(detail)
            is JetbridgeException.InvalidConfiguration -> JetbridgeException.InvalidConfiguration(problems)
            is JetbridgeException.ConfigurationFileMissing -> JetbridgeException.ConfigurationFileMissing(file)
            is JetbridgeException.NoBrowser -> JetbridgeException.NoBrowser()
            is JetbridgeException.LibraryMissing -> JetbridgeException.LibraryMissing(abis)
        }

    @Test
    fun `one that an app's test makes says the same as Rust's`() {
        for (error in ours) {
            val fake = error.withoutRust()
            assertEquals("$error", error.recovery, fake.recovery)
            assertEquals("$error", error.text(context), fake.text(context))
            assertTrue("$fake", fake.message!!.isNotEmpty())
        }
    }

    @Test
    fun `every text is made of whole sentences and says something of its own`() {
        val texts = ours.map { it.text(context) }
        for (text in texts) {
            assertTrue(text, text.first().isUpperCase())
            assertTrue(text, text.last() in ".!?")
            assertTrue(
                text,
                text.length > 30 && '%' !in text && "null" !in text && "Exception" !in text.replace("NotAuthorizedException", ""),
            )
        }
        assertEquals(texts.size, texts.toSet().size)
    }

    @Test
    fun `what the user should do is in the text`() {
        fun text(error: SessionException) = JetbridgeException.of(error).text(context)
        assertTrue(text(SessionException.Retryable("x", 30uL)).contains("30 seconds"))
        assertTrue(text(SessionException.Retryable("x", 1uL)).contains("1 second."))

        fun obstructed(obstacle: Obstacle) = text(SessionException.Obstructed(RemoteService.S3, obstacle, "x", "y"))
        for ((obstacle, advice) in mapOf(
            Obstacle.CERTIFICATE to "Open a web page",
            Obstacle.CLOCK to "Correct it in the settings",
            Obstacle.PROXY to "Check the proxy",
            Obstacle.INTERCEPTION to "Open a web page",
        )) {
            assertTrue(obstructed(obstacle), advice in obstructed(obstacle) && "Amazon S3" in obstructed(obstacle))
        }
        assertTrue(text(SessionException.AccessDenied(RemoteService.COGNITO, "NotAuthorizedException", "4711", "x")).contains("4711"))
        assertTrue(
            text(
                SessionException.Misconfigured("okta_client_id", "is unknown", "copy it"),
            ).contains("okta_client_id: is unknown. Copy it."),
        )
        assertTrue(text(SessionException.SecureStorage("x", false)).contains("Sign out to erase it"))
        assertTrue(text(SessionException.SecureStorage("x", true)).contains("Unlock"))
    }

    @Test
    fun `all mistakes of a configuration are told at once`() {
        val e = assertThrows(JetbridgeException.InvalidConfiguration::class.java) { JetbridgeSession.config("{}", "not JSON") }
        assertTrue(e.problems.size >= 4)
        val text = e.text(context)
        for (expected in listOf("okta_issuer_url", "okta_client_id", "okta_callback_url", "aws-exports.json")) {
            assertTrue(text, expected in text)
        }
        assertEquals(Recovery.FIX_CONFIGURATION, e.recovery)
    }

    @Test
    fun `recovery and the English message are the core's`() {
        for (error in errors) {
            val e = JetbridgeException.of(error)
            assertEquals(error.recovery(), e.recovery)
            assertEquals(error.describe(), e.message)
        }
    }

    @Test
    fun `a missing asset and a missing library say so`() {
        val e = assertThrows(JetbridgeException.ConfigurationFileMissing::class.java) { JetbridgeSession.open(context) }
        assertEquals("okta-config.json", e.file)
        val missing = assertThrows(JetbridgeException.LibraryMissing::class.java) { NativeLibrary.load("no_such_library") }
        assertNotNull(missing.abis.first())
    }

    @Test
    fun `whatever is called first, a missing library says so`() {
        NativeLibrary.load()
        // To another class loader the JVM refuses a library that it has loaded, as Android refuses one of another ABI.
        val elsewhere =
            object : ClassLoader(javaClass.classLoader) {
                override fun loadClass(
                    name: String,
                    resolve: Boolean,
                ): Class<*> =
                    findLoadedClass(name) ?: if (name.startsWith("dev.jetbridge.")) define(name) else super.loadClass(name, resolve)

                private fun define(name: String): Class<*> {
                    val bytes = getResource(name.replace('.', '/') + ".class")!!.readBytes()
                    return defineClass(name, bytes, 0, bytes.size)
                }
            }
        val session = elsewhere.loadClass(JetbridgeSession::class.java.name)
        val level = elsewhere.loadClass(LogLevel::class.java.name).enumConstants.first()
        for (call in listOf<() -> Any?>(
            { session.getMethod("config", String::class.java, String::class.java).invoke(null, "{}", "{}") },
            { session.getMethod("log", level.javaClass).invoke(null, level) },
        )) {
            val thrown = assertThrows(InvocationTargetException::class.java) { call() }.targetException
            assertEquals("$thrown", JetbridgeException.LibraryMissing::class.java.name, thrown.javaClass.name)
        }
    }

    private fun variants(type: Class<*>): Set<Class<*>> = type.declaredClasses.filter { type.isAssignableFrom(it) }.toSet()
}
