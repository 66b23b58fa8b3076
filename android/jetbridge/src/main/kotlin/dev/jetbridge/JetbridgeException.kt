package dev.jetbridge

import android.content.Context
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/*
 * Why this exists: an exception of the generated bindings prints its fields, and it knows no language but English. Here
 * each failure has a type to branch on, a text for people from the resources, and a message for logs.
 */

/**
 * Everything that Jetbridge throws. The subclass says what happened, [recovery] what the app should do about it, and
 * [text] tells the person in front of the screen.
 *
 * [message] is English, meant for logs, and holds no secret.
 *
 * Rust says what each is called and what to do about it. An app's tests, which have no Rust, make them by their constructors;
 * JetbridgeExceptionTest sees to it that both say the same.
 */
public sealed class JetbridgeException(
    message: String,
    recovery: Recovery,
    cause: Throwable? = null,
) : Exception((cause as? SessionException)?.describe() ?: message, cause) {
    /** The coarse answer to "what now?", for an app that does not look closer. */
    public val recovery: Recovery = (cause as? SessionException)?.recovery() ?: recovery

    /** What happened and what to do, as sentences for the user, in the language of [context]. */
    public abstract fun text(context: Context): String

    /** The user closed the sign-in page, cancelled, or signed out while a sign-in was under way. */
    public class UserCancelled(
        cause: SessionException? = null,
    ) : JetbridgeException("the user cancelled", Recovery.IGNORE, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_user_cancelled)
    }

    /** Only a new sign-in helps; [reason] says why. */
    public class SignInRequired(
        /** Why the session cannot go on. */
        public val reason: SignInReason,
        cause: SessionException? = null,
    ) : JetbridgeException("a sign-in is needed: ${reason.javaClass.simpleName}", Recovery.SIGN_IN, cause) {
        override fun text(context: Context): String = reason.text(context)
    }

    /** A passing fault of the network or a service. The session is kept. */
    public class Retryable(
        /** What failed, in English. */
        public val failure: String,
        /** How long the service asked to wait, if it did. */
        public val retryAfter: Duration? = null,
        cause: SessionException? = null,
    ) : JetbridgeException(failure, Recovery.RETRY, cause) {
        override fun text(context: Context): String {
            val seconds = retryAfter?.inWholeSeconds?.toInt() ?: return context.getString(R.string.jetbridge_error_retryable)
            return context.resources.getQuantityString(R.plurals.jetbridge_error_retryable_after, seconds, seconds)
        }
    }

    /**
     * Something between this device and the service, which a person can do something about; trying again does not help
     * before. The session is kept.
     */
    public class Obstructed(
        /** Who should have answered. */
        public val service: RemoteService,
        /** What it is: an app may show the settings for the date, or the network's sign-in page. */
        public val obstacle: Obstacle,
        /** What was found in the way, in English. */
        public val problem: String,
        /** What to do about it, in English, for an administrator. */
        public val hint: String,
        cause: SessionException? = null,
    ) : JetbridgeException(problem, Recovery.RETRY, cause) {
        override fun text(context: Context): String =
            context.getString(
                when (obstacle) {
                    Obstacle.CERTIFICATE -> R.string.jetbridge_error_obstructed_certificate
                    Obstacle.CLOCK -> R.string.jetbridge_error_obstructed_clock
                    Obstacle.PROXY -> R.string.jetbridge_error_obstructed_proxy
                    Obstacle.INTERCEPTION -> R.string.jetbridge_error_obstructed_interception
                },
                service.title,
            )
    }

    /** A setting in the app, in Okta or in AWS is wrong. */
    public class Misconfigured(
        /** The setting, by its name in the configuration files or consoles. */
        public val setting: String,
        /** What is wrong with it. */
        public val problem: String,
        /** What to change, and where. */
        public val hint: String,
        cause: SessionException? = null,
    ) : JetbridgeException("$setting: $problem", Recovery.FIX_CONFIGURATION, cause) {
        override fun text(context: Context): String =
            context.getString(R.string.jetbridge_error_misconfigured, "$setting: $problem", hint.asSentence())
    }

    /** A service understood the request and refused it. */
    public class AccessDenied(
        /** Who refused. */
        public val service: RemoteService,
        /** The service's own error code. */
        public val code: String,
        /** The service's id of the request, for its support. */
        public val requestId: String? = null,
        /** What would change the answer, in English, for an administrator. */
        public val hint: String = "",
        cause: SessionException? = null,
    ) : JetbridgeException("$service refused: $code", Recovery.ASK_FOR_ACCESS, cause) {
        override fun text(context: Context): String =
            if (requestId == null) {
                context.getString(R.string.jetbridge_error_access_denied, service.title, code)
            } else {
                context.getString(R.string.jetbridge_error_access_denied_request, service.title, code, requestId)
            }
    }

    /** What was asked for does not exist. */
    public class NotFound(
        /** What was looked for. */
        public val what: String,
        cause: SessionException? = null,
    ) : JetbridgeException("not found: $what", Recovery.FIX_CONFIGURATION, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_not_found, what)
    }

    /**
     * A condition of the request does not hold: the object is another one than expected, or is there although it should not be.
     * Nothing was done.
     */
    public class ConditionNotMet(
        /** Which one, in English. */
        public val what: String,
        cause: SessionException? = null,
    ) : JetbridgeException("a condition does not hold: $what", Recovery.RETRY, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_condition_not_met)
    }

    /** A file of this device cannot be read or written for a transfer: it is not there, the disk is full, it changed meanwhile. */
    public class LocalFile(
        /** Which file. */
        public val path: String,
        /** What is wrong with it, in English. */
        public val problem: String,
        cause: Throwable? = null,
    ) : JetbridgeException("$path: $problem", Recovery.RETRY, cause) {
        override fun text(context: Context): String =
            context.getString(R.string.jetbridge_error_local_file, path.substringAfterLast('/'), problem)
    }

    /** A redirect that belongs to no open sign-in, perhaps from another app. Nothing was changed. */
    public class UnexpectedRedirect(
        /** How it differs from what was expected, in English. */
        public val detail: String,
        cause: SessionException? = null,
    ) : JetbridgeException(detail, Recovery.IGNORE, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_unexpected_redirect)
    }

    /** The secure storage of the device could not be read or written. What it holds was left as it is. */
    public class SecureStorage(
        /** What failed, in English. */
        public val detail: String,
        /** Whether it may pass by itself; if not, the user has to sign in again. */
        public val mayPass: Boolean,
        cause: SessionException? = null,
    ) : JetbridgeException(detail, if (mayPass) Recovery.RETRY else Recovery.REPORT, cause) {
        override fun text(context: Context): String =
            context.getString(
                if (mayPass) R.string.jetbridge_error_secure_storage_passing else R.string.jetbridge_error_secure_storage_lost,
            )
    }

    /** A bug in the library, or an answer that no correct service gives. */
    public class Internal(
        /** For the bug report. */
        public val detail: String,
        cause: SessionException? = null,
    ) : JetbridgeException(detail, Recovery.REPORT, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_internal)
    }

    /** The configuration files have mistakes; [problems] are all of them. */
    public class InvalidConfiguration(
        /** Each mistake with its file, its key and what would be right; never empty. */
        public val problems: List<ConfigProblem>,
        cause: ConfigException? = null,
    ) : JetbridgeException(cause?.describe() ?: "the configuration has mistakes", Recovery.FIX_CONFIGURATION, cause) {
        override fun text(context: Context): String =
            problems.joinToString("\n\n", context.getString(R.string.jetbridge_error_invalid_configuration) + "\n\n") {
                context.getString(R.string.jetbridge_error_invalid_configuration_item, it.file, it.key, it.problem, it.expectation)
            }
    }

    /** The app was built without one of its configuration files. */
    public class ConfigurationFileMissing(
        /** The name of the asset. */
        public val file: String,
        cause: Throwable? = null,
    ) : JetbridgeException("the asset $file is missing", Recovery.FIX_CONFIGURATION, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_configuration_file_missing, file)
    }

    /** No app on the device can show the sign-in page. */
    public class NoBrowser(
        cause: Throwable? = null,
    ) : JetbridgeException("no browser can open the sign-in page", Recovery.RETRY, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_no_browser)
    }

    /** The app was built without the native library for this device. */
    public class LibraryMissing(
        /** What the device could run, such as `arm64-v8a`. */
        public val abis: List<String>,
        cause: Throwable? = null,
    ) : JetbridgeException("no native library for ${abis.joinToString()}: ${cause?.message}", Recovery.REPORT, cause) {
        override fun text(context: Context): String = context.getString(R.string.jetbridge_error_library_missing, abis.joinToString())
    }

    internal companion object {
        fun of(error: SessionException): JetbridgeException =
            when (error) {
                is SessionException.UserCancelled -> UserCancelled(error)
                is SessionException.SignInRequired -> SignInRequired(error.reason, error)
                is SessionException.Retryable -> Retryable(error.failure, error.retryAfterSeconds?.toLong()?.seconds, error)
                is SessionException.Obstructed -> Obstructed(error.service, error.obstacle, error.problem, error.hint, error)
                is SessionException.Misconfigured -> Misconfigured(error.setting, error.problem, error.hint, error)
                is SessionException.AccessDenied -> AccessDenied(error.service, error.code, error.requestId, error.hint, error)
                is SessionException.NotFound -> NotFound(error.what, error)
                is SessionException.ConditionNotMet -> ConditionNotMet(error.what, error)
                is SessionException.LocalFile -> LocalFile(error.path, error.problem, error)
                is SessionException.UnexpectedRedirect -> UnexpectedRedirect(error.detail, error)
                is SessionException.SecureStorage -> SecureStorage(error.detail, error.mayPass, error)
                is SessionException.Internal -> Internal(error.detail, error)
            }

        fun of(error: ConfigException): JetbridgeException =
            when (error) {
                is ConfigException.Invalid -> InvalidConfiguration(error.problems, error)
            }
    }
}

/** Whatever comes from Rust, as what apps know. */
internal inline fun <T> translated(work: () -> T): T =
    try {
        work()
    } catch (e: SessionException) {
        throw JetbridgeException.of(e)
    } catch (e: ConfigException) {
        throw JetbridgeException.of(e)
    } catch (e: InternalException) {
        // A bug of the library that Rust caught as a panic.
        throw JetbridgeException.of(SessionException.Internal(e.message.orEmpty()))
    }

/** Why the user has to sign in, as sentences for the user, in the language of [context]. */
public fun SignInReason.text(context: Context): String =
    when (this) {
        is SignInReason.SignedOut -> context.getString(R.string.jetbridge_error_sign_in_required_signed_out)
        is SignInReason.RefreshTokenRefused -> context.getString(R.string.jetbridge_error_sign_in_required_refused)
        is SignInReason.NoRefreshToken -> context.getString(R.string.jetbridge_error_sign_in_required_no_refresh_token)
        is SignInReason.AuthorizationCodeRefused -> context.getString(R.string.jetbridge_error_sign_in_required_code_refused)
        is SignInReason.IdTokenRefused -> context.getString(R.string.jetbridge_error_sign_in_required_token_refused, code)
        is SignInReason.InteractionRequired -> context.getString(R.string.jetbridge_error_sign_in_required_interaction, code)
    }

private val RemoteService.title: String
    get() =
        when (this) {
            RemoteService.OKTA -> "Okta"
            RemoteService.COGNITO -> "Amazon Cognito"
            RemoteService.S3 -> "Amazon S3"
            RemoteService.API -> "the API"
        }

/** The core's hints are sentences without an end; in the middle of a text they need both. */
private fun String.asSentence(): String =
    replaceFirstChar { it.uppercaseChar() }.let { if (it.isEmpty() || it.last() in ".!?") it else "$it." }
