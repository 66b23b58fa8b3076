package dev.jetbridge

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import java.io.File
import java.security.MessageDigest
import java.util.Properties
import java.util.zip.ZipFile

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
    fun `all artifacts have the version of the crates, in the guide too`() {
        fun version(
            file: String,
            before: String,
        ) = Regex("$before\"?([0-9.]+)").findAll(File(android, file).readText()).map { it.groupValues[1] }.toSet()
        val crates = version("../Cargo.toml", "\nversion = ")
        assertEquals(1, crates.size)
        assertEquals(crates, version("pom.xml", "<artifactId>android</artifactId>\\s+<version>"))
        val guide = File(android, "../docs/android.md").readText()
        val told = Regex("\"dev\\.jetbridge:([a-z-]+):([0-9.]+)\"").findAll(guide).map { it.groupValues[1] to it.groupValues[2] }.toSet()
        val artifacts = listOf("jetbridge", "jetbridge-testing", "jetbridge-okhttp", "jetbridge-aws")
        assertEquals(artifacts.map { it to crates.single() }.toSet(), told)
    }

    /**
     * One build, included builds with it, takes one version of the Android plugin (AgpVersionCompatibilityRule in gradle-9.5.0.jar:
     * "Using multiple versions of the Android Gradle plugin in the same build is not allowed").
     */
    @Test
    fun `the guide tells apps the versions of the catalog`() {
        val guide = File(android.parentFile, "docs/android.md").readText()
        assertEquals(catalog["agp"], Regex("libs\\.versions\\.toml` \\(([0-9.]+)\\)").find(guide)?.groupValues?.get(1))
        assertEquals(catalog["coroutines"], Regex("kotlinx-coroutines-test:([0-9.]+)").find(guide)?.groupValues?.get(1))
        val services = File(android.parentFile, "docs/aws.md").readText()
        assertEquals(catalog["aws"], Regex("version ([0-9.]+) of the AWS SDK for Kotlin").find(services)?.groupValues?.get(1))
        assertEquals(catalog["aws"], Regex("aws\\.sdk\\.kotlin:s3:([0-9.]+)").find(guide)?.groupValues?.get(1))
    }

    @Test
    fun `the AARs that Maven unpacks are the catalog's`() {
        val aars = listOf("androidx", "androidx-test").joinToString("") { File(android, "maven/$it/pom.xml").readText() }

        fun version(artifact: String) = Regex("<artifactId>$artifact</artifactId><version>([^<]+)<").find(aars)?.groupValues?.get(1)
        assertEquals(catalog["browser"], version("browser"))
        assertEquals(catalog["activity"], version("activity-compose"))
        assertEquals(catalog["lifecycle"], version("lifecycle-runtime-compose-android"))
        assertEquals(catalog["test-runner"], version("runner"))
        assertEquals(catalog["test-junit"], version("junit"))
    }

    /**
     * The jar runs before anything else is checked, and nobody can read it: so it is one that Gradle has published
     * (wrapper-checksums.json of gradle/actions; from 9.4.0 to 9.5.0-milestone-5 it was the same).
     */
    @Test
    fun `the wrapper is Gradle's own, and takes no Gradle but the published one`() {
        val wrapper = File(android, "gradle/wrapper")
        val jar = MessageDigest.getInstance("SHA-256").digest(File(wrapper, "gradle-wrapper.jar").readBytes())
        assertEquals("55243ef57851f12b070ad14f7f5bb8302daceeebc5bce5ece5fa6edb23e1145c", jar.joinToString("") { "%02x".format(it) })
        val properties = Properties().apply { File(wrapper, "gradle-wrapper.properties").reader().use(::load) }
        assertTrue(properties.getProperty("distributionSha256Sum").orEmpty().matches(Regex("[0-9a-f]{64}")))
        assertTrue(properties.getProperty("distributionUrl").startsWith("https://services.gradle.org/distributions/"))
        assertTrue(File(android, "gradlew").canExecute())
    }

    @Test
    fun `the NDK is the one that the Android plugin chooses by itself`() {
        val agp = catalog.getValue("agp")
        val plugin = File(System.getProperty("jetbridge.maven.repository").orEmpty(), "com/android/tools/build/gradle/$agp/gradle-$agp.jar")
        assumeTrue("the Android plugin does not resolve here", plugin.exists())
        val locator = "com/android/build/gradle/internal/cxx/configure/NdkLocatorKt.class"
        val constants = ZipFile(plugin).use { it.getInputStream(it.getEntry(locator)).readBytes().toString(Charsets.ISO_8859_1) }
        val ours = Regex("ndkVersion = \"([^\"]+)\"").find(File(android, "jetbridge/build.gradle.kts").readText())!!.groupValues[1]
        assertEquals(setOf(ours), Regex("2\\d\\.\\d\\.\\d{7,}").findAll(constants).map { it.value }.toSet())
    }

    @Test
    fun `the wrapper's Gradle is one that the Android plugin accepts`() {
        val agp = catalog.getValue("agp")
        val plugin = File(System.getProperty("jetbridge.maven.repository").orEmpty(), "com/android/tools/build/gradle/$agp/gradle-$agp.jar")
        assumeTrue("the Android plugin does not resolve here", plugin.exists())
        val check = "com/android/build/gradle/internal/plugins/VersionCheckPlugin.class"
        val constants = ZipFile(plugin).use { it.getInputStream(it.getEntry(check)).readBytes().toString(Charsets.ISO_8859_1) }
        val least = Regex("\\d+\\.\\d+(\\.\\d+)?").findAll(constants).single().value
        val wrapper = File(android, "gradle/wrapper/gradle-wrapper.properties").readText()
        val ours = Regex("gradle-([0-9.]+)-bin").find(wrapper)!!.groupValues[1]
        assertTrue("$ours is older than $least", version(ours) >= version(least))
    }

    @Test
    fun `apps with the Kotlin that the Android plugin brings can read the library`() {
        val agp = catalog.getValue("agp")
        val pom = File(System.getProperty("jetbridge.maven.repository").orEmpty(), "com/android/tools/build/gradle/$agp/gradle-$agp.pom")
        assumeTrue("the Android plugin does not resolve here", pom.exists())
        val brought = Regex("<artifactId>kotlin-gradle-plugin</artifactId>\\s*<version>([^<]+)<").find(pom.readText())!!.groupValues[1]
        for (type in listOf(JetbridgeSession::class.java, CoreSession::class.java)) {
            val written = type.getAnnotation(Metadata::class.java).metadataVersion.joinToString(".")
            assertTrue("$type is written in Kotlin $written", version(written) <= version(brought))
        }
    }

    @Test
    fun `Maven compiles the library in the Kotlin that Gradle does`() {
        val gradle = File(android, "build.gradle.kts").readText()
        val maven = File(android, "pom.xml").readText()

        fun inGradle(name: String) = Regex("$name = (.+)").find(gradle)!!.groupValues[1]

        fun inMaven(name: String) = Regex("<$name>(.+)</").find(maven)!!.groupValues[1]
        val language = "KotlinVersion.KOTLIN_" + inMaven("library.language.version").replace('.', '_')
        assertEquals(language, inGradle("languageVersion"))
        assertEquals(language, inGradle("apiVersion"))
        assertEquals("\"${inMaven("stdlib.version")}\"", inGradle("coreLibrariesVersion"))
    }

    @Test
    fun `both modules compile against an SDK that is new enough for their AARs`() {
        val asked =
            File(android, "maven/androidx/build/maven/unpacked").listFiles().orEmpty().associate { aar ->
                val metadata = File(aar, "META-INF/com/android/build/gradle/aar-metadata.properties")
                val text = if (metadata.exists()) metadata.readText() else ""
                aar.name to (
                    Regex("^minCompileSdk=(\\d+)$", RegexOption.MULTILINE)
                        .find(text)
                        ?.groupValues
                        ?.get(1)
                        ?.toInt() ?: 0
                )
            }

        fun compileSdk(script: String) =
            Regex("^ +compileSdk = (\\d+)$", RegexOption.MULTILINE)
                .find(File(android, script).readText())!!
                .groupValues[1]
                .toInt()
        assumeTrue("only Maven unpacks them", asked.isNotEmpty())
        assertTrue("$asked", asked.size > 20)
        val most = asked.maxBy { it.value }
        assertTrue("$most", compileSdk("app/build.gradle.kts") >= most.value)
        assertTrue("$asked", compileSdk("build.gradle.kts") >= asked.getValue("browser-${catalog["browser"]}"))
    }

    /** For comparing: as many digits for each part. */
    private fun version(text: String) = text.split('.').joinToString("") { it.padStart(5, '0') }
}
