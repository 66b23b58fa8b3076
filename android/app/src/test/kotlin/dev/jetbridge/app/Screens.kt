package dev.jetbridge.app

import android.content.Context
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.SignInReason
import dev.jetbridge.text
import org.junit.Assert.assertThrows
import java.time.Instant
import kotlin.time.Duration.Companion.minutes
import dev.jetbridge.R as Library

/** Every state that the screen has, by the name of its picture, in the language of a context. */
object Screens {
    const val BUCKET = "jetbridge-demo"

    val alice = AccountState.SignedIn("Alice Archer", "alice@example.com", Clock(52.minutes), Clock(58.minutes))

    val objects =
        listOf(
            ObjectRow("readme.txt", 1_024, Instant.parse("2026-09-14T08:30:00Z")),
            ObjectRow("reports/2026/summary.csv", 18_902, Instant.parse("2026-10-01T17:05:00Z")),
            ObjectRow("reports/2026/october.pdf", 2_480_112, Instant.parse("2026-11-02T06:45:00Z")),
            ObjectRow("photos/harbour at dawn.jpg", 5_912_004, Instant.parse("2026-06-21T03:58:00Z")),
            ObjectRow("photos/", 0, Instant.parse("2026-06-21T03:50:00Z")),
            ObjectRow("shared/welcome.txt", 612, null),
        )

    val list = HomeState(alice, bucket = BUCKET, listing = ListingState.Rows(objects))

    /** What comes from Okta and S3 and is shown as it is. */
    val ofServices: Set<String?> =
        setOf(alice.name, alice.email, "AA", "Jetbridge", "zebra") + objects.map { it.name } + objects.map { it.folder + "/" }

    fun all(context: Context): Map<String, HomeState> {
        val offline = context.getString(Library.string.jetbridge_error_retryable)
        val denied = context.getString(Library.string.jetbridge_error_access_denied_request, "Amazon S3", "AccessDenied", "4DBK2M6N")
        val broken = assertThrows(JetbridgeException::class.java) { JetbridgeSession.config("{}", "{}") }
        val signedOut = AccountState.SignedOut()
        val rows = ListingState.Rows(objects)
        return mapOf(
            "signed-out" to HomeState(signedOut),
            "signed-out-elsewhere" to HomeState(AccountState.SignedOut(SignInReason.RefreshTokenRefused("invalid_grant").text(context))),
            "reading-the-store" to HomeState(),
            "preparing" to HomeState(signedOut, SignInStage.PREPARING),
            "in-browser" to HomeState(signedOut, SignInStage.IN_BROWSER),
            "finishing" to HomeState(signedOut, SignInStage.FINISHING),
            "sign-in-failed" to HomeState(signedOut, notice = offline),
            "unavailable" to HomeState(AccountState.Unavailable),
            "not-set-up" to HomeState(AccountState.Broken(broken.text(context))),
            "signed-in" to HomeState(alice.copy(awsClock = Clock(null)), bucket = BUCKET),
            "clocks-over" to
                HomeState(alice.copy(oktaClock = Clock((-1).minutes, renews = false), awsClock = Clock((-1).minutes)), bucket = BUCKET),
            "loading" to list.copy(listing = ListingState.Loading),
            "list" to list,
            "list-goes-on" to list.copy(listing = rows.copy(hasMore = true)),
            "refreshing" to list.copy(listing = rows.copy(isRefreshing = true)),
            "refresh-failed" to list.copy(notice = offline),
            "next-page-failed" to list.copy(listing = rows.copy(hasMore = true, problem = offline)),
            "empty" to list.copy(listing = ListingState.Rows(emptyList())),
            "no-match" to list.copy(search = "zebra"),
            "offline" to list.copy(listing = ListingState.Failed(offline)),
            "denied" to list.copy(listing = ListingState.Failed(denied)),
        )
    }
}
