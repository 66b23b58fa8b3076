package dev.jetbridge

import org.bouncycastle.asn1.x500.X500Name
import org.bouncycastle.asn1.x509.BasicConstraints
import org.bouncycastle.asn1.x509.ExtendedKeyUsage
import org.bouncycastle.asn1.x509.Extension
import org.bouncycastle.asn1.x509.GeneralName
import org.bouncycastle.asn1.x509.GeneralNames
import org.bouncycastle.asn1.x509.KeyPurposeId
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder
import org.junit.rules.ExternalResource
import java.io.IOException
import java.math.BigInteger
import java.net.InetAddress
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.cert.X509Certificate
import java.util.Base64
import java.util.Date
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicLong
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLServerSocket
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.days

/** A certificate, and the key that belongs to it. */
internal class Issued(
    val certificate: X509Certificate,
    val keys: KeyPair,
) {
    val der: ByteArray get() = certificate.encoded

    val pem: String
        get() = "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END CERTIFICATE-----\n"

    /** One of the same kind, made by this CA. */
    fun issue(
        name: String,
        isCa: Boolean = false,
        host: String = "localhost",
        purpose: KeyPurposeId = KeyPurposeId.id_kp_serverAuth,
        from: Duration = (-1).days,
        until: Duration = 1.days,
    ): Issued = make(name, this, isCa, host, purpose, from, until)

    companion object {
        private val serials = AtomicLong(System.nanoTime())

        fun authority(name: String): Issued = make(name, null, isCa = true, "localhost", KeyPurposeId.id_kp_serverAuth, (-30).days, 30.days)

        /** A server that vouches for itself. */
        fun selfSigned(): Issued = make("localhost", null, isCa = false, "localhost", KeyPurposeId.id_kp_serverAuth, (-1).days, 1.days)

        private fun make(
            name: String,
            issuer: Issued?,
            isCa: Boolean,
            host: String,
            purpose: KeyPurposeId,
            from: Duration,
            until: Duration,
        ): Issued {
            val keys = KeyPairGenerator.getInstance("RSA", "SunRsaSign").apply { initialize(2048) }.generateKeyPair()
            val subject = X500Name("CN=$name")
            val now = System.currentTimeMillis()
            val builder =
                JcaX509v3CertificateBuilder(
                    issuer?.let { X500Name.getInstance(it.certificate.subjectX500Principal.encoded) } ?: subject,
                    BigInteger.valueOf(serials.incrementAndGet()),
                    Date(now + from.inWholeMilliseconds),
                    Date(now + until.inWholeMilliseconds),
                    subject,
                    keys.public,
                )
            builder.addExtension(Extension.basicConstraints, true, BasicConstraints(isCa))
            if (!isCa) {
                builder.addExtension(Extension.subjectAlternativeName, false, GeneralNames(GeneralName(GeneralName.dNSName, host)))
                builder.addExtension(Extension.extendedKeyUsage, false, ExtendedKeyUsage(purpose))
            }
            val signer = JcaContentSignerBuilder("SHA256withRSA").setProvider("SunRsaSign").build((issuer?.keys ?: keys).private)
            return Issued(JcaX509CertificateConverter().setProvider("SUN").getCertificate(builder.build(signer)), keys)
        }
    }
}

/** TLS servers on loopback that show a chain and close the connection. They end with the test. */
internal class TestServers : ExternalResource() {
    private val sockets = CopyOnWriteArrayList<SSLServerSocket>()

    /** Starts one that shows [server]'s certificate and [more]; gives its port. */
    fun show(
        server: Issued,
        vararg more: Issued,
    ): Int {
        val chain = arrayOf(server.certificate, *more.map { it.certificate }.toTypedArray())
        val keys = KeyStore.getInstance("PKCS12").apply { load(null) }
        keys.setKeyEntry("server", server.keys.private, CharArray(0), chain)
        val managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm())
        managers.init(keys, CharArray(0))
        val context = SSLContext.getInstance("TLS").apply { init(managers.keyManagers, null, null) }
        val socket = context.serverSocketFactory.createServerSocket(0, 0, InetAddress.getLoopbackAddress()) as SSLServerSocket
        sockets += socket
        thread(isDaemon = true) {
            // The answer is no HTTP, so that a client that trusts the chain fails in another way.
            while (!socket.isClosed) {
                try {
                    socket.accept().use { it.getOutputStream().write("trusted\r\n\r\n".toByteArray()) }
                } catch (e: IOException) {
                    // A client that does not trust the chain goes away.
                }
            }
        }
        return socket.localPort
    }

    override fun after() = sockets.forEach { it.close() }
}
