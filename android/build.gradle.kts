// The versions of the plugins, what the unit tests run on, and what all that is published has in common, its version, its
// Android and its Kotlin among it: the modules say what they are.

import com.android.build.api.dsl.LibraryExtension
import org.gradle.api.publish.PublishingExtension
import org.gradle.plugins.signing.SigningExtension
import org.jetbrains.kotlin.gradle.dsl.KotlinAndroidExtension
import org.jetbrains.kotlin.gradle.dsl.KotlinVersion

plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.compose) apply false
}

// What the crates say of themselves, in the one place where it stands.
val crates =
    providers
        .fileContents(layout.projectDirectory.file("../Cargo.toml"))
        .asText
        .get()
        .substringAfter("[workspace.package]")
        .substringBefore("\n[")
val crateVersion = Regex("^version = \"(.+)\"$", RegexOption.MULTILINE).find(crates)!!.groupValues[1]

// There is no home until one is said there; Maven Central takes no artifact without.
val home = Regex("^repository = \"(.+)\"$", RegexOption.MULTILINE).find(crates)?.groupValues?.get(1)

subprojects {
    // An artifact is called as its folder. VersionsTest compares the version with the guide's.
    group = "dev.jetbridge"
    version = crateVersion

    // What an app needs for any of the artifacts, and is to compile against.
    pluginManager.withPlugin("com.android.library") {
        extensions.configure(LibraryExtension::class.java) {
            // No more than androidx.browser asks for.
            compileSdk = 36
            // 26: java.time, which the bindings speak, and file channels are there without desugaring.
            defaultConfig { minSdk = 26 }
        }
        // So that every app on version 9 of the Android plugin can read the artifacts: the plugin brings Kotlin 2.2 along.
        extensions.configure(KotlinAndroidExtension::class.java) {
            coreLibrariesVersion = "2.2.20"
            compilerOptions {
                languageVersion = KotlinVersion.KOTLIN_2_2
                apiVersion = KotlinVersion.KOTLIN_2_2
            }
        }
    }

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
        // For a provider's files it looks into FileDescriptor (ShadowParcelFileDescriptor).
        jvmArgs("--add-opens=java.base/java.io=ALL-UNNAMED")
        maxHeapSize = "3g"
    }

    // All that Maven Central asks for, beside name and description: central.sonatype.org/publish/requirements.
    pluginManager.withPlugin("maven-publish") {
        val publications = extensions.getByType(PublishingExtension::class.java).publications
        publications.withType(MavenPublication::class.java).configureEach {
            pom {
                home?.let { url.set(it) }
                licenses {
                    license {
                        name = "MIT"
                        url = "https://opensource.org/license/mit"
                    }
                    license {
                        name = "Apache-2.0"
                        url = "https://www.apache.org/licenses/LICENSE-2.0.txt"
                    }
                }
                developers {
                    developer {
                        name = "The Jetbridge authors"
                        home?.let { url.set(it) }
                    }
                }
                home?.let { address ->
                    scm {
                        url = address
                        connection = "scm:git:$address.git"
                        developerConnection = "scm:git:$address.git"
                    }
                }
            }
        }

        // A release gives the key as ORG_GRADLE_PROJECT_signingInMemoryKey; for mavenLocal nobody needs one.
        pluginManager.apply("signing")
        providers.gradleProperty("signingInMemoryKey").orNull?.let { key ->
            extensions.getByType(SigningExtension::class.java).run {
                useInMemoryPgpKeys(key, providers.gradleProperty("signingInMemoryKeyPassword").getOrElse(""))
                sign(publications)
            }
        }
    }
}
