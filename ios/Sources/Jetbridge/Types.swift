// The plain types that come from the core, under the names that an app uses: it imports `Jetbridge` and nothing else.
//
// One of them is exported, because members belong to the module that declares them, and new projects of Xcode 26 see members
// only of modules that a file imports, or that such a module re-exports: SE-0444 (`MemberImportVisibility`, Swift 6.1),
// "Detailed design", which knows no other way than this attribute. To the compiler a module of which a file imports one name
// is imported (swiftlang/swift, ImportCache.h, `isImportedBy`). All of it would bring names of the core beside.
import JetbridgeFFI

@_exported import enum JetbridgeFFI.Recovery

/// A renewal at work until `stop()`, or until nobody holds it any more.
public typealias BackgroundRenewal = JetbridgeFFI.BackgroundRenewal
/// One mistake of a configuration: its file, its key, what is wrong and what would be right.
public typealias ConfigProblem = JetbridgeFFI.ConfigProblem
/// One link of the chain, whether it holds, and what to do if it does not.
public typealias DiagnosisFinding = JetbridgeFFI.DiagnosisFinding
/// What has to hold, in the order in which a sign-in and a listing need it.
public typealias DiagnosisLink = JetbridgeFFI.DiagnosisLink
/// What is known of a link: it holds, is broken, was not reached, or cannot be known now.
public typealias DiagnosisMark = JetbridgeFFI.DiagnosisMark
/// What is wrong: a finding for each link, and the whole as text for a ticket.
public typealias DiagnosisReport = JetbridgeFFI.DiagnosisReport
/// A file that was downloaded.
public typealias DownloadedObject = JetbridgeFFI.DownloadedObject
/// One of several accounts on the device: its name, whether it is the current one, and who is signed in.
public typealias JetbridgeAccount = JetbridgeFFI.JetbridgeAccount
/// Who is signed in, as far as Okta told.
public typealias JetbridgeUser = JetbridgeFFI.JetbridgeUser
/// One object of a bucket.
public typealias ListedObject = JetbridgeFFI.ListedObject
/// What to list.
public typealias ListingRequest = JetbridgeFFI.ListingRequest
/// How to sign in.
public typealias LoginOptions = JetbridgeFFI.LoginOptions
/// A further parameter of the sign-in page.
public typealias LoginParameter = JetbridgeFFI.LoginParameter
/// What the sign-in page asks for.
public typealias LoginPrompt = JetbridgeFFI.LoginPrompt
/// How much is logged.
public typealias LogLevel = JetbridgeFFI.LogLevel
/// A checksum that S3 keeps with an object.
public typealias ObjectChecksum = JetbridgeFFI.ObjectChecksum
/// What an object has to be for something to be done with it.
public typealias ObjectConditions = JetbridgeFFI.ObjectConditions
/// What is known of an object.
public typealias ObjectDetails = JetbridgeFFI.ObjectDetails
/// What is kept with an object, and said with it to whoever reads it.
public typealias ObjectHeaders = JetbridgeFFI.ObjectHeaders
/// One page of a listing: objects, and the "folders" that a delimiter makes.
public typealias ObjectPage = JetbridgeFFI.ObjectPage
/// What stands between this device and a service.
public typealias Obstacle = JetbridgeFFI.Obstacle
/// What a presigned URL permits.
public typealias PresignedMethod = JetbridgeFFI.PresignedMethod
/// The coarse answer to "what now?".
public typealias Recovery = JetbridgeFFI.Recovery
/// Who answered, or should have.
public typealias RemoteService = JetbridgeFFI.RemoteService
/// What was renewed.
public typealias Renewed = JetbridgeFFI.Renewed
/// Keeps secret bytes under names.
public typealias SecretStore = JetbridgeFFI.SecretStore
/// The facts of a session, with both clocks.
public typealias SessionDetails = JetbridgeFFI.SessionDetails
/// What happens beside the state.
public typealias SessionEvent = JetbridgeFFI.SessionEvent
/// How to open a session.
public typealias SessionOptions = JetbridgeFFI.SessionOptions
/// Who is signed in, if anybody.
public typealias SessionState = JetbridgeFFI.SessionState
/// Why the user has to sign in.
public typealias SignInReason = JetbridgeFFI.SignInReason
/// How much a sign-out ends.
public typealias SignOutMode = JetbridgeFFI.SignOutMode
/// Why a `SecretStore` did not do what it was asked.
public typealias StorageError = JetbridgeFFI.StorageError
/// An object that could not be deleted with others: its key, and what happened, for a person.
public typealias UndeletedObject = JetbridgeFFI.UndeletedObject
/// An object that was written.
public typealias UploadedObject = JetbridgeFFI.UploadedObject
