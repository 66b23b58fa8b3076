// The Gradle build, for Android Studio and CI. The build without an Android SDK is pom.xml; both use the same sources.

pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "jetbridge"
include(":jetbridge", ":jetbridge-testing", ":jetbridge-okhttp", ":jetbridge-aws", ":app")
