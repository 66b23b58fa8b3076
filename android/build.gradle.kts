// The versions of the plugins, what the unit tests run on, and what all that is published has in common, its version among it: the
// modules say what they are.

import org.gradle.api.publish.PublishingExtension
import org.gradle.plugins.signing.SigningExtension

plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.compose) apply false
}

subprojects {
    // An artifact is called as its folder. VersionsTest compares the version with the crates' and the guide's.
    group = "dev.jetbridge"
    version = "0.1.0"

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
        // The home that the group's name stands for.
        val home = "https://jetbridge.dev"
        val publications = extensions.getByType(PublishingExtension::class.java).publications
        publications.withType(MavenPublication::class.java).configureEach {
            pom {
                url = home
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
                        url = home
                    }
                }
                scm {
                    url = home
                    connection = "scm:git:$home/jetbridge.git"
                    developerConnection = "scm:git:$home/jetbridge.git"
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
