package dev.jetbridge

import android.security.net.config.ApplicationConfig
import android.security.net.config.CertificateSource
import android.security.net.config.CertificatesEntryRef
import android.security.net.config.ConfigSource
import android.security.net.config.Domain
import android.security.net.config.NetworkSecurityConfig
import android.security.net.config.NetworkSecurityConfigProvider
import android.security.net.config.Pin
import android.security.net.config.PinSet
import android.util.Pair
import com.android.org.conscrypt.ct.CTLogInfo
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.runBlocking
import org.bouncycastle.asn1.x509.KeyPurposeId
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.io.ByteArrayInputStream
import java.security.KeyStore
import java.security.MessageDigest
import java.security.Security
import java.security.cert.CertificateFactory
import java.security.cert.X509Certificate
import kotlin.time.Duration.Companion.days

/**
 * Real handshakes: Rust's TLS, [CertificateCheck] by JNI, and Android 15's own trust manager, network security
 * configuration and X509TrustManagerExtensions, which Robolectric's android-all has as they are. Only the list of the
 * device's certificates is the test's.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class CertificateCheckTest {
    @get:Rule val stack = Stack(LocalStackOptions(tls = true))

    @get:Rule internal val servers = TestServers()

    private val known = Issued.authority("Known to the device")
    private val company = Issued.authority("A company")

    @Before
    fun asOnAPhone() {
        NativeLibrary.load()
        // Conscrypt reads this list by its native half, which no computer has. No other test's sandbox: a shadow would need one.
        Class
            .forName("com.android.org.conscrypt.ct.CTLogStoreImpl")
            .getDeclaredField("defaultFallbackLogs")
            .apply { isAccessible = true }
            .set(null, emptyArray<CTLogInfo>())
        // What ActivityThread does before an app's first line: NetworkSecurityConfigProvider.install.
        Security.insertProviderAt(NetworkSecurityConfigProvider(), 1)
        trust(rules(known.certificate))
    }

    @After
    fun asItWas() {
        Security.removeProvider(NetworkSecurityConfigProvider().name)
        ApplicationConfig.setDefaultInstance(null)
    }

    @Test
    fun `an app signs in over https when the device knows the server's issuer`() {
        val factory = CertificateFactory.getInstance("X.509")
        trust(rules(factory.generateCertificate(ByteArrayInputStream(stack.local.caPem()!!.toByteArray())) as X509Certificate))
        val session = stack.session(memoryStore())
        runBlocking { session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url)) }
        assertTrue("${session.state.value}", session.state.value is SessionState.SignedIn)
    }

    @Test
    fun `a session trusts the roots that it was given beside the device's`() {
        assertObstructed("does not know who issued it", open(company.issue("localhost")))
        assertTrusted(open(company.issue("localhost"), roots = company.pem))
        assertTrusted(open(known.issue("localhost"), roots = company.pem))
        val foreign = Issued.authority("Nobody's")
        assertObstructed("does not know who issued it", open(foreign.issue("localhost"), roots = company.pem))
    }

    @Test
    fun `chains are followed as Android follows them`() {
        val between = known.issue("Between", isCa = true)
        val server = between.issue("localhost")
        assertObstructed("does not know who issued it", open(server))
        assertTrusted(open(server, between))
        val expired = known.issue("Expired between", isCa = true, from = (-2).days, until = (-1).days)
        assertObstructed("not good at this time", open(expired.issue("localhost"), expired), Obstacle.CLOCK)
    }

    @Test
    fun `each reason is told apart`() {
        assertObstructed("does not know who issued it", open(Issued.selfSigned()))
        assertObstructed("for another name", open(known.issue("localhost", host = "example.com")))
        assertObstructed("not made for servers", open(known.issue("localhost", purpose = KeyPurposeId.id_kp_clientAuth)))
        assertObstructed("it was good until ", open(known.issue("localhost", from = (-3).days, until = (-2).days)), Obstacle.CLOCK)
        assertObstructed("it is good from ", open(known.issue("localhost", from = 1.days, until = 2.days)), Obstacle.CLOCK)
    }

    @Test
    fun `the network security configuration of the app counts, and a given root does not overrule it`() {
        val pinned = PinSet(setOf(Pin("SHA-256", ByteArray(32))), Long.MAX_VALUE)
        trust(rules(known.certificate), "localhost" to rules(known.certificate, pinned))
        assertObstructed("a pinned key", open(known.issue("localhost"), roots = known.pem))
        val digest = MessageDigest.getInstance("SHA-256").digest(known.keys.public.encoded)
        val right = PinSet(setOf(Pin("SHA-256", digest)), Long.MAX_VALUE)
        trust(rules(), "localhost" to rules(known.certificate, right))
        assertTrusted(open(known.issue("localhost")))
        trust(rules(known.certificate), "localhost" to rules())
        assertObstructed("does not know who issued it", open(known.issue("localhost")))
    }

    @Test
    fun `a check that fails trusts nobody and shows no more than its class`() {
        ApplicationConfig.setDefaultInstance(
            ApplicationConfig(
                object : ConfigSource {
                    override fun getDefaultConfig() = throw IllegalStateException("a secret")

                    override fun getPerDomainConfigs() = emptySet<Pair<Domain, NetworkSecurityConfig>>()
                },
            ),
        )
        val error = open(known.issue("localhost"), roots = known.pem) as SessionException.Misconfigured
        assertTrue(error.problem, error.problem.contains("java.lang.IllegalStateException"))
        val words = "${error.problem} ${error.hint}"
        assertFalse(words, Regex("a secret|Debian|SSL_CERT_FILE|--ca-file").containsMatchIn(words))
    }

    @Test
    fun `what is no certificate is told as that`() {
        val now = System.currentTimeMillis()
        assertEquals("malformed", CertificateCheck.check(arrayOf(ByteArray(20)), "localhost", now))
        assertEquals("failed:java.util.NoSuchElementException", CertificateCheck.check(emptyArray(), "localhost", now))
        assertEquals("trusted", CertificateCheck.check(arrayOf(known.issue("localhost").der), "localhost", now))
    }

    /** What an app is told when it signs in at such a server. */
    private fun open(
        server: Issued,
        vararg more: Issued,
        roots: String? = null,
    ): SessionException {
        val issuer = Regex("https://[^/]+/")
        val okta = stack.local.oktaConfigJson().replaceFirst(issuer, "https://localhost:${servers.show(server, *more)}/")
        val config = JetbridgeSession.config(okta, stack.local.awsExportsJson())
        val session = CoreSession.open(config, memoryStore(), SessionOptions(rootCertificatesPem = roots))
        return assertThrows(SessionException::class.java) { runBlocking { session.beginLogin(LoginOptions()) } }
    }

    private fun assertObstructed(
        words: String,
        error: SessionException,
        obstacle: Obstacle = Obstacle.CERTIFICATE,
    ) {
        val told = error as? SessionException.Obstructed ?: throw AssertionError("$error", error)
        assertTrue(told.problem, told.problem.contains(words))
        assertEquals(told.problem, obstacle, told.obstacle)
    }

    /** The connection was made, and nothing of HTTP came over it. */
    private fun assertTrusted(error: SessionException) =
        assertTrue("$error", error is SessionException.Misconfigured && "does not speak HTTP" in error.problem)

    private fun rules(
        vararg roots: X509Certificate,
        pins: PinSet = PinSet.EMPTY_PINSET,
    ) = rules(roots.toList(), pins)

    private fun rules(
        root: X509Certificate,
        pins: PinSet,
    ) = rules(listOf(root), pins)

    private fun rules(
        roots: List<X509Certificate>,
        pins: PinSet,
    ): NetworkSecurityConfig {
        val store = KeyStore.getInstance("PKCS12").apply { load(null) }
        roots.forEachIndexed { index, root -> store.setCertificateEntry("$index", root) }
        // Android's own, for a factory with a key store; only its name is not public.
        val source =
            Class
                .forName("android.security.net.config.KeyStoreCertificateSource")
                .getConstructor(KeyStore::class.java)
                .apply { isAccessible = true }
                .newInstance(store) as CertificateSource
        return NetworkSecurityConfig
            .Builder()
            .addCertificatesEntryRef(CertificatesEntryRef(source, false))
            .setPinSet(pins)
            .build()
    }

    private fun trust(
        rules: NetworkSecurityConfig,
        vararg perDomain: kotlin.Pair<String, NetworkSecurityConfig>,
    ) = ApplicationConfig.setDefaultInstance(
        ApplicationConfig(
            object : ConfigSource {
                override fun getDefaultConfig() = rules

                override fun getPerDomainConfigs(): Set<Pair<Domain, NetworkSecurityConfig>> =
                    perDomain.map { (host, own) -> Pair(Domain(host, false), own) }.toSet()
            },
        ),
    )
}
