// Signs an OkHttp client's requests, as an artifact of its own: the library needs no OkHttp.

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.jetbridge.okhttp"
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
    // The oldest that is in wide use: apps with OkHttp 5, which keeps the API of 4, get theirs.
    api(libs.okhttp)

    testImplementation(libs.junit)
    testImplementation(libs.kotlin.abi.tools)
}

publishing {
    publications {
        register<MavenPublication>("release") {
            afterEvaluate { from(components["release"]) }
            pom {
                name = "Jetbridge for OkHttp"
                description = "An interceptor that signs requests to APIs behind IAM with the session of Jetbridge."
            }
        }
    }
}
