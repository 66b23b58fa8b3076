package dev.jetbridge

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** Two builds of the same sources must not drift apart: what both name has one version. */
class VersionsTest {
    private val android = File(System.getProperty("jetbridge.android.dir")!!)
    private val catalog =
        Regex("^([a-z-]+) = \"([^\"]+)\"$", RegexOption.MULTILINE)
            .findAll(File(android, "gradle/libs.versions.toml").readText().substringBefore("[libraries]"))
            .associate { it.groupValues[1] to it.groupValues[2] }

    @Test
    fun `Maven's properties are the catalog's versions`() {
        val maven =
            Regex("<([a-z]+)\\.version>([^<]+)</")
                .findAll(File(android, "pom.xml").readText() + File(android, "maven/gradle-check/pom.xml").readText())
                .associate { it.groupValues[1] to it.groupValues[2] } - "gradle"
        // What only the tests on Linux need is Maven's alone.
        val both = maven.filterKeys(catalog::containsKey)
        assertTrue(both.keys.containsAll(listOf("kotlin", "coroutines", "jna", "agp")))
        assertEquals(both.mapValues { catalog[it.key] }, both)
    }

    @Test
    fun `the AARs that Maven unpacks are the catalog's`() {
        val aars = File(android, "maven/androidx/pom.xml").readText()

        fun version(artifact: String) = Regex("<artifactId>$artifact</artifactId><version>([^<]+)<").find(aars)?.groupValues?.get(1)
        assertEquals(catalog["browser"], version("browser"))
        assertEquals(catalog["activity"], version("activity-compose"))
        assertEquals(catalog["lifecycle"], version("lifecycle-runtime-compose-android"))
    }

    @Test
    fun `the Kotlin half of the TLS verifier is of the version that its Rust half calls`() {
        val lock = File(android.parentFile, "Cargo.lock").readText()
        val rust = Regex("name = \"rustls-platform-verifier-android\"\nversion = \"([^\"]+)\"").find(lock)!!.groupValues[1]
        // Cargo's compatible releases share one Kotlin half.
        assertEquals(rust.substringBeforeLast('.'), catalog.getValue("rustls-platform-verifier").substringBeforeLast('.'))
    }
}
