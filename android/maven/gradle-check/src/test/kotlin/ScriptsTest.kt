import org.gradle.api.Project
import org.gradle.api.publish.maven.tasks.GenerateMavenPom
import org.gradle.testfixtures.ProjectBuilder
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import javax.xml.xpath.XPathFactory
import org.gradle.api.tasks.testing.Test as UnitTests

/** What our scripts tell Gradle to do, done by Gradle. */
class ScriptsTest {
    @TempDir
    lateinit var folder: File

    /** The one place of version and home, which Gradle reads beside its root's folder. */
    @BeforeEach
    fun crates() = File(folder, "Cargo.toml").writeText(workspace("repository = \"https://example.com/ours\"\n"))

    private fun workspace(line: String) = "[workspace.package]\nversion = \"1.2.3\"\n$line\n[workspace.dependencies]\nversion = \"9\"\n"

    private fun project(
        name: String = "jetbridge",
        parent: Project? = null,
    ): Project {
        val builder = ProjectBuilder.builder().withName(name).withGradleUserHomeDir(File(folder, "home"))
        return builder.withProjectDir(File(folder, name).apply { mkdirs() }).withParent(parent).build()
    }

    /** A program that writes down how it was called, and then does [work]. */
    private fun cargo(work: String = ""): File =
        File(folder, "cargo").apply {
            writeText("#!/bin/sh\necho \"$@\" >\"${folder.path}/called\"\necho \"\$RUSTFLAGS\" >\"${folder.path}/flags\"\n$work\n")
            setExecutable(true)
        }

    private val called get() = File(folder, "called").readText().trim()

    /** central.sonatype.org/publish/requirements, "Sufficient Metadata". */
    @Test
    fun `the POMs have all that Maven Central asks for`() {
        val root = project("root")
        val scripts =
            mapOf<String, (Project) -> Any>(
                "jetbridge" to ::JetbridgeScript,
                "jetbridge-testing" to ::JetbridgeTestingScript,
                "jetbridge-okhttp" to ::JetbridgeOkHttpScript,
                "jetbridge-aws" to ::JetbridgeAwsScript,
            )
        val projects = scripts.keys.associateWith { project(it, root) }
        RootScript(root)
        for ((name, script) in scripts) {
            val project = projects.getValue(name)
            project.pluginManager.apply("maven-publish")
            script(project)
            val task = project.tasks.getByName("generatePomFileForReleasePublication") as GenerateMavenPom
            task.doGenerate()
            val pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(task.destination)
            val paths = XPathFactory.newInstance().newXPath()

            fun at(path: String) = paths.evaluate("/project/$path", pom)
            assertEquals("dev.jetbridge:$name:1.2.3", "${at("groupId")}:${at("artifactId")}:${at("version")}")
            val asked =
                listOf("name", "description", "url", "licenses/license/name", "licenses/license/url", "developers/developer/name") +
                    listOf("developers/developer/url", "scm/url", "scm/connection", "scm/developerConnection")
            assertEquals(emptyList<String>(), asked.filter { at(it).isBlank() }, name)
            assertEquals("https://example.com/ours", at("url"), name)
            assertTrue(project.pluginManager.hasPlugin("signing"), name)
            assertEquals(null, project.tasks.findByName("signReleasePublication"), "nobody gave a key")
        }
    }

    @Test
    fun `a home that nobody has named is not made up`() {
        File(folder, "Cargo.toml").writeText(workspace(""))
        val root = project("root")
        val library = project("jetbridge", root)
        RootScript(root)
        library.pluginManager.apply("maven-publish")
        JetbridgeScript(library)
        val task = library.tasks.getByName("generatePomFileForReleasePublication") as GenerateMavenPom
        task.doGenerate()
        val pom = task.destination.readText()
        assertTrue("<licenses>" in pom && "<scm>" !in pom && "<url>http" !in pom.substringBefore("<licenses>"), pom)
    }

    @Test
    fun `of a folder only the two configuration files get into the app`() {
        val project = project("app")
        AppScript(project)
        val from = File(folder, "config").apply { mkdirs() }
        for (name in listOf("okta-config.json", "aws-exports.json", "README.md", "okta-config.example.json")) {
            File(from, name).writeText(name)
        }
        val task = project.tasks.register("files", ConfigurationFiles::class.java).get()
        task.folder.set(from)
        task.output.set(File(folder, "assets"))
        task.copy()
        assertEquals(setOf("okta-config.json", "aws-exports.json"), File(folder, "assets").list()!!.toSet())
    }

    @Test
    fun `the library for phones is built for pages of 16 KB, with the local stack only where the bindings have it`() {
        val task = project().tasks.register("native", CargoNdk::class.java).get()
        task.workspace.set(folder)
        task.cargo.set(cargo().path)
        task.ndk.set("/ndk")
        task.abis.set(listOf("arm64-v8a"))
        task.output.set(File(folder, "libraries"))
        for (debug in listOf(true, false)) {
            task.withLocalStack.set(debug)
            task.profile.set(if (debug) "dev" else "mobile")
            task.build()
            assertTrue("ndk --platform 26" in called && "--target arm64-v8a" in called, called)
            assertEquals(debug, "local-stack" in called, called)
            assertTrue("max-page-size=16384" in File(folder, "flags").readText())
        }
    }

    @Test
    fun `bindings come without the library, which lies where the unit tests look for it`() {
        val project = project()
        val task = project.tasks.register("bindings", Bindings::class.java).get()
        val made = task.temporaryDir
        task.workspace.set(folder)
        val files = listOf("libjetbridge_ffi.so", "uniffi.toml", "kotlin/A.kt").joinToString(" ") { "'$made/$it'" }
        task.cargo.set(cargo("mkdir -p '$made/kotlin' && touch $files").path)
        task.output.set(File(folder, "kotlin"))
        task.library.set(project.file("build/host-library/debug"))
        for (debug in listOf(true, false)) {
            task.withLocalStack.set(debug)
            task.generate()
            assertEquals(!debug, "--without-local-stack" in called, called)
            assertEquals(listOf("A.kt"), File(folder, "kotlin").list()!!.toList())
            assertEquals(listOf("libjetbridge_ffi.so"), project.file("build/host-library/debug").list()!!.toList())
        }
    }

    @Test
    fun `the unit tests of both modules run on the library of the debug bindings`() {
        val root = project("root")
        val modules = listOf("jetbridge", "app").map { project(it, root) }
        RootScript(root)
        for (module in modules) {
            val tests = module.tasks.register("testDebugUnitTest", UnitTests::class.java).get()
            assertEquals(root.file("jetbridge/build/host-library/debug").path, tests.systemProperties["jna.library.path"])
            assertTrue(":jetbridge:bindingsDebug" in tests.dependsOn)
            assertFalse(tests.jvmArgs.orEmpty().isEmpty())
        }
    }
}
