package dev.jetbridge

import android.net.http.X509TrustManagerExtensions
import java.io.ByteArrayInputStream
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.cert.CertPathValidatorException
import java.security.cert.CertPathValidatorException.BasicReason
import java.security.cert.CertificateException
import java.security.cert.CertificateExpiredException
import java.security.cert.CertificateFactory
import java.security.cert.CertificateNotYetValidException
import java.security.cert.CertificateParsingException
import java.security.cert.CertificateRevokedException
import java.security.cert.PKIXReason
import java.security.cert.X509Certificate
import javax.net.ssl.TrustManagerFactory
import javax.net.ssl.X509TrustManager

/**
 * Whether Android trusts a server, by the rules that it has for this app: the device's certificates, and the app's network
 * security configuration with its own certificates and pins. Rust asks this for every connection ([check], by JNI) and
 * checks the server's name itself; certificates that a session was given are its affair too, when the issuer is unknown here.
 *
 * Nothing is asked over the network. A certificate is taken for revoked where Android itself knows it.
 */
internal object CertificateCheck {
    /**
     * What extended key usage says of a server (RFC 5280 §4.2.1.12). The second one stands for any use. Conscrypt takes both,
     * and refuses others without a word of its own for it (TrustManagerImpl.ExtendedKeyUsagePKIXCertPathChecker).
     */
    private val FOR_SERVERS = setOf("1.3.6.1.5.5.7.3.1", "2.5.29.37.0")

    /**
     * Asked for, and without a meaning: Conscrypt only wants it not to be empty (TrustManagerImpl.checkTrusted in
     * google/conscrypt at 058452e).
     */
    private const val AUTH_TYPE = "RSA"

    /** No chain of causes is longer; one that leads back to itself has no end. */
    private const val MOST_CAUSES = 10

    /** Tells Rust that this class is there. Once per process is enough, more often does no harm. */
    @JvmStatic
    external fun install()

    /**
     * Called by Rust, under this name, from threads of its own.
     *
     * @param chain certificates in DER as the server sent them, its own first
     * @param host the server's name, by which a network security configuration may have rules
     * @param now milliseconds since 1970
     * @return a word that crates/ffi/src/android.rs knows, and after a colon the time in milliseconds or what failed
     */
    @JvmStatic
    @Suppress("TooGenericExceptionCaught")
    fun check(
        chain: Array<ByteArray>,
        host: String,
        now: Long,
    ): String =
        try {
            judge(chain, host, now)
        } catch (e: Exception) {
            failed(e)
        }

    private fun judge(
        chain: Array<ByteArray>,
        host: String,
        now: Long,
    ): String {
        val certificates =
            try {
                val factory = CertificateFactory.getInstance("X.509")
                Array(chain.size) { factory.generateCertificate(ByteArrayInputStream(chain[it])) as X509Certificate }
            } catch (e: CertificateException) {
                return "malformed"
            }
        val server = certificates.first()
        // First, because it says since when; what Android finds says only that.
        if (now > server.notAfter.time) return "expired:${server.notAfter.time}"
        if (now < server.notBefore.time) return "not yet valid:${server.notBefore.time}"
        try {
            if (server.extendedKeyUsage?.none(FOR_SERVERS::contains) == true) return "wrong purpose"
        } catch (e: CertificateParsingException) {
            return "malformed"
        }
        try {
            X509TrustManagerExtensions(trustManager()).checkServerTrusted(certificates, AUTH_TYPE, host)
        } catch (e: CertificateException) {
            return reason(e)
        }
        return "trusted"
    }

    /**
     * That of the app's network security configuration: only a factory without a key store gives it (AOSP
     * frameworks/base, android.security.net.config.RootTrustManagerFactorySpi.engineInit). Android keeps one for the
     * process and tells it of changes, so it is not kept here.
     */
    private fun trustManager(): X509TrustManager {
        val factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm())
        factory.init(null as KeyStore?)
        return factory.trustManagers.filterIsInstance<X509TrustManager>().first()
    }

    /**
     * The first cause that says something. A pin ("Pin verification failed"), a blocked key and certificate transparency are
     * told by exceptions without a type of their own; what is no matter of certificates is a fault of the check.
     */
    private fun reason(refusal: CertificateException): String {
        val causes = generateSequence<Throwable>(refusal) { it.cause }.take(MOST_CAUSES).toList()
        val fault = causes.firstOrNull { it !is GeneralSecurityException }
        return causes.firstNotNullOfOrNull(::known) ?: fault?.let(::failed) ?: "refused"
    }

    /** Its class only: a text may say anything. */
    private fun failed(fault: Throwable) = "failed:${fault.javaClass.name}"

    private fun known(cause: Throwable): String? =
        when (cause) {
            is CertificateExpiredException -> "expired"
            is CertificateNotYetValidException -> "not yet valid"
            is CertificateRevokedException -> "revoked"
            is CertPathValidatorException -> known(cause.reason, cause.index)
            else -> null
        }

    /**
     * "Trust anchor for certification path not found." has no reason, and no certificate that is to blame
     * (TrustManagerImpl.checkTrustedRecursive and verifyChain in google/conscrypt at 058452e, and Android 15's, which the
     * tests run; that Android 8's is the same is from memory).
     */
    private fun known(
        reason: CertPathValidatorException.Reason,
        index: Int,
    ): String? =
        when (reason) {
            BasicReason.EXPIRED -> "expired"
            BasicReason.NOT_YET_VALID -> "not yet valid"
            BasicReason.REVOKED -> "revoked"
            PKIXReason.NO_TRUST_ANCHOR -> "unknown issuer"
            BasicReason.UNSPECIFIED -> if (index < 0) "unknown issuer" else null
            else -> null
        }
}
