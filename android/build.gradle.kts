// The versions of the plugins, and what the unit tests of both modules run on: the modules say what they are.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.compose) apply false
}

subprojects {
    // As pom.xml has it, which runs the same tests.
    tasks.withType<Test>().configureEach {
        // The Rust library for this computer, with the local stack in it.
        val library = rootDir.resolve("jetbridge/build/host-library/debug")
        dependsOn(":jetbridge:bindingsDebug")
        inputs.dir(library)
        // The JVM reads java.library.path once, at its start.
        systemProperty("java.library.path", library.path)
        systemProperty("jna.library.path", library.path)
        systemProperty("jna.nosys", "true")
        systemProperty("jetbridge.android.dir", rootDir.path)
        // The bindings for Android use SystemCleaner, behind which Robolectric puts a package that the JDK hides.
        jvmArgs("--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED")
        maxHeapSize = "3g"
    }
}
