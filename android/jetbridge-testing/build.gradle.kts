// A session for an app's own tests and previews, as an artifact of its own: no release ships it.

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.jetbridge.testing"
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets {
        getByName("test") { kotlin.directories.add("../testing/api") }
    }
    publishing {
        singleVariant("release") {
            withSourcesJar()
            withJavadocJar()
        }
    }
}

dependencies {
    api(project(":jetbridge"))

    testImplementation(libs.junit)
    testImplementation(libs.kotlin.abi.tools)
    testImplementation(libs.robolectric)
}

publishing {
    publications {
        register<MavenPublication>("release") {
            afterEvaluate { from(components["release"]) }
            pom {
                name = "Jetbridge for tests"
                description = "A session of Jetbridge for an app's own tests and previews."
            }
        }
    }
}
