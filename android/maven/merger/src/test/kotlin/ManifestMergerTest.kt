import com.android.manifmerger.ManifestMerger2
import com.android.manifmerger.ManifestMerger2.MergeType
import com.android.manifmerger.ManifestSystemProperty
import com.android.manifmerger.MergingReport
import com.android.manifmerger.MergingReport.MergedManifestKind
import com.android.utils.NullLogger
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.w3c.dom.Document
import org.w3c.dom.Element
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory

/** What Gradle makes of the library's manifest and an app's, by the code that Gradle does it with. */
class ManifestMergerTest {
    @TempDir
    lateinit var folder: File

    private val android = File(System.getProperty("jetbridge.android.dir"))

    @Test
    fun `a plain app gets the activities and the permission, and its scheme`() {
        val merged = merge(app(), SCHEME).document()
        assertEquals(listOf("dev.jetbridge.SignInActivity", "dev.jetbridge.RedirectActivity"), merged.names("activity"))
        assertEquals(listOf("android.permission.INTERNET"), merged.names("uses-permission"))
        assertTrue("android:scheme=\"com.okta.dev-1\"" in merge(app(), SCHEME).text())
    }

    /** With two values for one attribute the merger fails; with one it takes it, also from a library. So it has none. */
    @Test
    fun `what an app says of itself stays as it is, and nothing is added`() {
        for (own in listOf(
            "",
            "android:networkSecurityConfig=\"@xml/network_security_config\"",
            "android:networkSecurityConfig=\"@xml/rustls_platform_verifier\"",
            "android:networkSecurityConfig=\"@xml/jetbridge\"",
            "android:usesCleartextTraffic=\"true\"",
            "android:usesCleartextTraffic=\"false\" android:networkSecurityConfig=\"@xml/mine\"",
            "android:taskAffinity=\"com.example.own\"",
            "android:taskAffinity=\"\"",
            "android:allowBackup=\"true\" android:fullBackupContent=\"@xml/backup\" android:dataExtractionRules=\"@xml/rules\"",
            "android:allowBackup=\"false\"",
            "android:name=\".MyApp\" android:label=\"Mine\" android:theme=\"@style/Mine\" android:icon=\"@mipmap/mine\"",
        )) {
            val merged = merge(app(own), SCHEME).document().application()
            val expected = parse(app(own)).application()
            assertEquals(expected.keys, merged.keys, own)
            // The merger writes a class's name in full.
            for ((name, value) in expected) assertEquals(value.replace(Regex("^\\.(?=MyApp)"), "com.example.app."), merged[name], own)
        }
    }

    @Test
    fun `modules in between need no placeholder of their own`() {
        val module = merged("module", app("", "<activity android:name=\"com.example.module.Screen\" />"), "com.example.module")
        val merged = merge(app(), SCHEME, module).document()
        assertTrue("dev.jetbridge.RedirectActivity" in merged.names("activity"))
        assertTrue("com.example.module.Screen" in merged.names("activity"))
    }

    @Test
    fun `without a placeholder the guide's recipe takes the activity out, and only that helps`() {
        val report = merge(app(), emptyMap())
        assertFalse(report.result.isSuccess)
        assertTrue("jetbridgeRedirectScheme" in report.reportString, report.reportString)
        val recipe = snippets().single { "tools:node=\"remove\"" in it }
        val merged = merge(app("", recipe), emptyMap()).document()
        assertEquals(listOf("dev.jetbridge.SignInActivity"), merged.names("activity"))
    }

    @Test
    fun `what the guide has one paste merges`() {
        val activities = snippets().filter { it.startsWith("<activity") }
        assertTrue(activities.size > 1)
        for (snippet in activities) assertTrue(merge(app("", snippet), SCHEME).result.isSuccess, snippet)
        // The scheme of one's own is there beside the App Link.
        val link = merge(app("", activities.single { "autoVerify" in it }), SCHEME).text()
        assertTrue("com.okta.dev-1" in link && "app.example.org" in link, link)
    }

    /** The blocks of XML in docs/android.md. */
    private fun snippets(): List<String> =
        Regex("```xml\n(.*?)```", RegexOption.DOT_MATCHES_ALL)
            .findAll(File(android.parentFile, "docs/android.md").readText().lines().joinToString("\n") { it.removePrefix("  ") })
            .map { it.groupValues[1].trim() }
            .toList()

    private fun app(
        attributes: String = "",
        children: String = "",
    ) = """
        <manifest xmlns:android="http://schemas.android.com/apk/res/android" xmlns:tools="http://schemas.android.com/tools">
            <application $attributes>$children</application>
        </manifest>
        """.trimIndent()

    /** Into an app, as Gradle does it: the library as it lies in its AAR. */
    private fun merge(
        app: String,
        placeholders: Map<String, String>,
        vararg modules: File,
    ): MergingReport {
        val library = merged("jetbridge", File(android, "jetbridge/src/main/AndroidManifest.xml").readText(), "dev.jetbridge")
        val main = File(folder, "app.xml").apply { writeText(app) }
        val merger = ManifestMerger2.newMerger(main, NullLogger(), MergeType.APPLICATION).named("com.example.app")
        modules.forEach { merger.addLibraryManifest(it) }
        placeholders.forEach { (name, value) -> merger.setPlaceHolderValue(name, value) }
        return merger
            .addLibraryManifest(library)
            .withFeatures(ManifestMerger2.Invoker.Feature.REMOVE_TOOLS_DECLARATIONS)
            .merge()
    }

    /** A library's manifest as Gradle packs it. */
    private fun merged(
        name: String,
        text: String,
        namespace: String,
    ): File {
        val source = File(folder, "$name-source.xml").apply { writeText(text) }
        val report = ManifestMerger2.newMerger(source, NullLogger(), MergeType.LIBRARY).named(namespace).merge()
        return File(folder, "$name.xml").apply { writeText(report.text()) }
    }

    /** The Android plugin knows a manifest's package from the build script. */
    private fun ManifestMerger2.Invoker.named(namespace: String) =
        setNamespace(namespace).setOverride(ManifestSystemProperty.Document.PACKAGE, namespace)

    private fun MergingReport.text(): String {
        assertTrue(result.isSuccess, reportString)
        return getMergedDocument(MergedManifestKind.MERGED)!!
    }

    private fun MergingReport.document() = parse(text())

    private fun parse(text: String): Document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(text.byteInputStream())

    private fun Document.names(tag: String) =
        getElementsByTagName(tag).let { found -> List(found.length) { (found.item(it) as Element).getAttribute("android:name") } }

    private fun Document.application(): Map<String, String> {
        val attributes = (getElementsByTagName("application").item(0) as Element).attributes
        return List(attributes.length) { attributes.item(it) }.associate { it.nodeName to it.nodeValue }
    }

    private companion object {
        val SCHEME = mapOf("jetbridgeRedirectScheme" to "com.okta.dev-1")
    }
}
