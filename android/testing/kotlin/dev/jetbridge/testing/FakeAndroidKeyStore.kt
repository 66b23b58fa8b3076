package dev.jetbridge.testing

import android.security.keystore.KeyGenParameterSpec
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyStoreException
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.ProviderException
import java.security.SecureRandom
import java.security.Security
import java.security.UnrecoverableKeyException
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/**
 * Robolectric has no Android Keystore. This provider keeps AES keys in memory under the same names, and fails when told
 * to. It proves the code around the Keystore, and nothing about hardware.
 */
object FakeAndroidKeyStore {
    /** The keys by their alias. */
    val keys = ConcurrentHashMap<String, SecretKey>()

    /** What the keys were asked to be. */
    val specs = ConcurrentHashMap<String, KeyGenParameterSpec>()

    /** So many of the next accesses fail as a busy Keystore does. */
    val failures = AtomicInteger()

    /** Keys that are there and cannot be read, by their alias, and why. */
    val unreadable = ConcurrentHashMap<String, Exception>()

    /** What the security chip makes of a key that it is asked for: that key, a broken one, or a refusal. */
    @Volatile
    var strongBox: (SecretKey) -> SecretKey = { it }

    /** How often the Keystore was asked for a key. */
    val asked = AtomicInteger()

    /** A fresh, empty Keystore. */
    fun install() {
        keys.clear()
        specs.clear()
        unreadable.clear()
        failures.set(0)
        asked.set(0)
        strongBox = { it }
        Security.removeProvider(NAME)
        Security.addProvider(
            object : Provider(NAME, "1.0", "test double") {
                init {
                    put("KeyStore.$NAME", Store::class.java.name)
                    put("KeyGenerator.AES", AesGenerator::class.java.name)
                }
            },
        )
    }

    private const val NAME = "AndroidKeyStore"

    /** Makes keys as the specification says. */
    class AesGenerator : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(
            params: AlgorithmParameterSpec,
            random: SecureRandom?,
        ) {
            spec = params as KeyGenParameterSpec
        }

        override fun engineInit(random: SecureRandom?): Unit = throw ProviderException("the Keystore wants a specification")

        override fun engineInit(
            keysize: Int,
            random: SecureRandom?,
        ): Unit = throw ProviderException("the Keystore wants a specification")

        override fun engineGenerateKey(): SecretKey {
            val raw = ByteArray(spec.keySize / 8).also(SecureRandom()::nextBytes)
            val key = SecretKeySpec(raw, "AES").let { if (spec.isStrongBoxBacked) strongBox(it) else it }
            specs[spec.keystoreAlias] = spec
            unreadable.remove(spec.keystoreAlias)
            keys[spec.keystoreAlias] = key
            return key
        }
    }

    /** Looks keys up. */
    class Store : KeyStoreSpi() {
        override fun engineLoad(
            stream: InputStream?,
            password: CharArray?,
        ) = Unit

        override fun engineStore(
            stream: OutputStream?,
            password: CharArray?,
        ) = Unit

        override fun engineGetKey(
            alias: String,
            password: CharArray?,
        ): Key? {
            asked.incrementAndGet()
            if (failures.getAndUpdate { if (it > 0) it - 1 else 0 } > 0) throw ProviderException("the Keystore is busy")
            unreadable[alias]?.let { throw UnrecoverableKeyException("Failed to obtain information about key").apply { initCause(it) } }
            return keys[alias]
        }

        override fun engineContainsAlias(alias: String) = keys.containsKey(alias)

        override fun engineIsKeyEntry(alias: String) = keys.containsKey(alias)

        override fun engineDeleteEntry(alias: String) {
            if (failures.getAndUpdate { if (it > 0) it - 1 else 0 } > 0) throw KeyStoreException("the Keystore is busy")
            keys.remove(alias)
            unreadable.remove(alias)
        }

        override fun engineAliases() = Collections.enumeration(keys.keys)

        override fun engineSize() = keys.size

        override fun engineGetCreationDate(alias: String) = Date(0)

        override fun engineIsCertificateEntry(alias: String) = false

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCertificateAlias(cert: Certificate): String? = null

        override fun engineSetKeyEntry(
            alias: String,
            key: Key,
            password: CharArray?,
            chain: Array<out Certificate>?,
        ) {
            keys[alias] = key as SecretKey
        }

        override fun engineSetKeyEntry(
            alias: String,
            key: ByteArray,
            chain: Array<out Certificate>?,
        ): Unit = throw KeyStoreException("not in the Android Keystore")

        override fun engineSetCertificateEntry(
            alias: String,
            cert: Certificate,
        ): Unit = throw KeyStoreException("not in the Android Keystore")
    }
}
