// The session for the AWS SDK for Kotlin, as an artifact of its own: the library needs no SDK.

plugins {
    alias(libs.plugins.android.library)
    `maven-publish`
}

android {
    namespace = "dev.jetbridge.aws"

    defaultConfig {
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets {
        getByName("test") { kotlin.directories.addAll(listOf("../testing/kotlin", "../testing/api")) }
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
    api(libs.smithy.aws.credentials)
    // For apps that have it: useJetbridge sets up its client.
    compileOnly(libs.aws.s3)

    testImplementation(libs.aws.s3)
    testImplementation(project(":jetbridge-okhttp"))
    // As a jar: it brings those of computers.
    testImplementation(libs.jna)
    testImplementation(libs.junit)
    testImplementation(libs.kotlin.abi.tools)
    testImplementation(libs.robolectric)
}

publishing {
    publications {
        register<MavenPublication>("release") {
            afterEvaluate { from(components["release"]) }
            pom {
                name = "Jetbridge for the AWS SDK for Kotlin"
                description = "A credentials provider over the session of Jetbridge for the AWS SDK for Kotlin."
            }
        }
    }
}
