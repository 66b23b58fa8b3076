package dev.jetbridge.app

import android.content.Context
import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.ObjectChecksum
import dev.jetbridge.ObjectDetails
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.SignInReason
import dev.jetbridge.TransferProgress
import dev.jetbridge.testing.FakeJetbridgeSession
import dev.jetbridge.text
import org.junit.Assert.assertThrows
import java.io.File
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

    /** As much as S3 can say of one. */
    val details =
        ObjectDetails(
            "reports/2026/summary.csv",
            18_902uL,
            "\"9b2cf535f27731c974343645a3985328\"",
            Instant.parse("2026-10-01T17:05:00Z"),
            ObjectHeaders(contentType = "text/csv; charset=utf-8", contentLanguage = "en-GB", metadata = mapOf("department" to "Harbour")),
            "STANDARD_IA",
            "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
            ObjectChecksum("CRC64NVME", "0QFbzv7OFLs=", isOfWholeObject = true),
        )

    private val bare =
        ObjectDetails("photos/ \u202Egpj.exe\n", 1uL, null, null, ObjectHeaders(), "STANDARD", null, null)

    private val photo = PickedFile(File("content"), "IMG_20261127_0815.jpg", "image/jpeg")

    /** What comes from Okta and S3 and is shown as it is. */
    val ofServices: Set<String?> =
        setOf(alice.name, alice.email, "AA", "Jetbridge", "zebra") + objects.map { it.name } + objects.map { it.folder + "/" } +
            setOf(details, bare).flatMap { listOf(it.key.spelledOut(), it.eTag, it.storageClass, it.versionId, it.checksum?.value) } +
            details.headers.run { setOf(contentType, contentLanguage) + metadata.values } + "photos/" + photo.name

    /** With all that can be said of one, and as long as it gets. */
    private val broken =
        FakeJetbridgeSession.finding(
            DiagnosisLink.ROLE,
            DiagnosisMark.BROKEN,
            "the role JetbridgeDemoAuthenticated does not let this identity pool's users have it",
            "trust policy of arn:aws:iam::123456789012:role/JetbridgeDemoAuthenticated",
            "Put this statement into the role's trust policy.",
            "{\n  \"Effect\": \"Allow\",\n  \"Action\": [\"sts:AssumeRoleWithWebIdentity\", \"sts:TagSession\"],\n" +
                "  \"Principal\": { \"Federated\": \"cognito-identity.amazonaws.com\" }\n}",
        )

    private val reports =
        mapOf(
            "diagnosis-broken" to FakeJetbridgeSession.report(broken),
            "diagnosis-signed-out" to FakeJetbridgeSession.report(isSignedIn = false),
            "diagnosis-all-works" to FakeJetbridgeSession.report(),
        )

    /** What the core says in English. */
    val ofReports: Set<String?> =
        reports.values.flatMap { report -> report.findings.flatMap { listOf(it.title, it.detail, it.setting, it.fix, it.paste) } }.toSet()

    /** Those that ask the user something in a window of their own. */
    val dialogs = setOf("upload-name", "upload-name-wrong", "upload-taken")

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
        ) + objectScreens(context, offline, denied)
    }

    private fun objectScreens(
        context: Context,
        offline: String,
        denied: String,
    ): Map<String, HomeState> {
        val hint = "The pool's authenticated role needs s3:DeleteObject on arn:aws:s3:::jetbridge-demo/reports/2026/summary.csv."
        val refused = Problem(denied, hint)
        val known = ObjectState(details.key, FactsState.Known(details))
        val opened = list.copy(opened = known)

        fun download(state: DownloadState) = opened.copy(downloads = mapOf(details.key to state))
        val half = TransferProgress(7_900, 18_902, 4_096)
        val room = Problem(context.getString(R.string.no_room, "18.90 kB", "2.1 kB"))
        return mapOf(
            "object" to opened,
            "object-loading" to list.copy(opened = ObjectState(details.key)),
            "object-denied" to list.copy(opened = ObjectState(details.key, FactsState.Failed(refused))),
            "object-awkward" to list.copy(opened = ObjectState(bare.key, FactsState.Known(bare))),
            "object-notice" to opened.copy(notice = context.getString(R.string.view_no_app)),
            "download-begins" to download(DownloadState.UnderWay()),
            "downloading" to download(DownloadState.UnderWay(half)),
            "downloaded" to download(DownloadState.Done(SharedFile(File("summary.csv"), "text/csv"))),
            "download-failed" to download(DownloadState.Failed(Problem(offline))),
            "download-no-room" to download(DownloadState.Failed(room)),
            "deleting" to list.copy(opened = known.copy(isDeleting = true)),
            "delete-denied" to list.copy(opened = known.copy(undeleted = refused)),
            "deleted" to list.copy(news = context.getString(R.string.deleted, details.key)),
            "upload-reading" to list.copy(upload = UploadState.Reading(TransferProgress(7_900, null))),
            "upload-name" to list.copy(upload = UploadState.Naming(photo, "photos/" + photo.name, 5_912_004)),
            "upload-name-wrong" to list.copy(upload = UploadState.Naming(photo, "photos/", 5_912_004)),
            "upload-taken" to list.copy(upload = UploadState.Taken(details.key)),
            "uploading" to list.copy(upload = UploadState.UnderWay(details.key, half.copy(resumed = 0))),
            "upload-interrupted" to list.copy(upload = UploadState.Interrupted(details.key, 18_902)),
            "upload-denied" to list.copy(upload = UploadState.Failed(details.key, refused)),
            "uploaded" to list.copy(news = context.getString(R.string.uploaded, details.key)),
            "diagnosis-walking" to list.copy(diagnosis = DiagnosisState.Walking),
        ) + reports.mapValues { list.copy(diagnosis = DiagnosisState.Known(it.value)) }
    }
}
