// The app's first screen: who is signed in, the two buttons, and what the second of them brings. Objects are shown above it.
import Jetbridge
import SwiftUI

struct HomeView: View {
    let model: HomeModel

    var body: some View {
        @Bindable var objects = model.objects
        @Bindable var upload = model.upload
        @Bindable var diagnosis = model.diagnosis
        NavigationStack(path: $objects.path) {
            content
                .navigationTitle("Jetbridge")
                .bars(of: model)
                .navigationDestination(for: ObjectAddress.self) { object in
                    ObjectView(model: model.objects, key: object.key) { model.diagnosis.open() }.bars(of: model)
                }
        }
        .sheet(item: $upload.naming) { NamingView(model: model.upload, naming: $0) }
        .sheet(item: $diagnosis.sheet) { DiagnosisView(model: model.diagnosis, state: $0) }
        .onChange(of: upload.state) { _, now in now?.announce() }
        .task { await model.keepTime() }
    }

    @ViewBuilder
    private var content: some View {
        switch model.state.account {
        case .loading:
            ProgressView("Looking for your session…").frame(maxWidth: .infinity, maxHeight: .infinity)
        case .signedOut(let reason):
            WelcomeView(model: model, reason: reason)
        case .signedIn(let account):
            SignedInView(model: model, account: account)
        case .unavailable:
            Middle {
                ContentUnavailableView {
                    Label("Your session cannot be read now", systemImage: "lock")
                } description: {
                    Text(
                        "Unlock the device and try again. If that does not help, start over: the saved session is erased, and you sign in again."
                    )
                } actions: {
                    Button("Try again") { model.restore() }
                        .buttonStyle(.borderedProminent)
                        .tint(Theme.buttonFill)
                    Button("Start over", role: .destructive) { model.signOut(.local) }
                    WhatIsWrongButton { model.diagnosis.open() }
                }
            }
        case .notSetUp(let error):
            Middle {
                ContentUnavailableView {
                    Label("The app is not set up yet", systemImage: "wrench.and.screwdriver")
                } description: {
                    // A list of mistakes reads badly when it is centred.
                    Text(error.text).multilineTextAlignment(.leading)
                }
            }
        }
    }
}

/// Who is signed in, the two buttons and the list, in one list that scrolls as a whole.
private struct SignedInView: View {
    @Bindable var model: HomeModel
    let account: Account
    @State private var picks = Picks()

    var body: some View {
        UploadPickers(model: model.upload, folder: model.state.listing.folder, picks: $picks) { list }
    }

    private var list: some View {
        List {
            // Whoever searches wants the hits at the top.
            if model.state.query.isEmpty {
                AccountSection(account: account)
                Section {
                    TwoButtons(model: model)
                        .listRowBackground(Color.clear)
                        .listRowInsets(EdgeInsets())
                }
            }
            ListingSections(model: model)
        }
        .searchable(text: $model.search, prompt: "Search objects")
        .refreshable { await model.refresh() }
        .toolbar {
            ToolbarItem(placement: .topBarTrailing) {
                UploadMenu(picks: $picks, isEnabled: model.upload.state == nil)
            }
            ToolbarItem(placement: .topBarTrailing) { SignOutButton { model.signOut($0) } }
        }
    }
}

/// Nobody is signed in: what this app is for, or why the session has ended.
private struct WelcomeView: View {
    let model: HomeModel
    let reason: SignInReason?
    @ScaledMetric(relativeTo: .largeTitle) private var mark = 44.0

    var body: some View {
        ScrollView {
            VStack(alignment: .leading, spacing: 16) {
                BridgeMark()
                    .foregroundStyle(.tint)
                    .frame(width: mark, height: mark)
                    .padding(14)
                    .background(Theme.wash, in: Theme.corners)
                    .padding(.bottom)
                    .accessibilityHidden(true)
                Text("Sign in once.\nUse AWS.")
                    .font(.largeTitle.bold())
                    .accessibilityAddTraits(.isHeader)
                Group {
                    if let reason {
                        Text(reason.text)
                    } else {
                        Text(
                            "Okta tells the app who you are. AWS lends it keys for an hour. No password ever reaches the app."
                        )
                    }
                }
                .foregroundStyle(.secondary)
                if reason != nil { WhatIsWrongButton { model.diagnosis.open() } }
                TwoButtons(model: model)
                    .padding(.top)
            }
            .padding()
            .frame(maxWidth: Theme.readableWidth)
            .frame(maxWidth: .infinity)
        }
        .navigationBarTitleDisplayMode(.inline)
    }
}

/// The two buttons. The one that is the next step stands out; the other stays where it was.
private struct TwoButtons: View {
    let model: HomeModel

    var body: some View {
        let isSignedIn = model.state.account.subject != nil
        VStack(spacing: 12) {
            switch model.state.signIn {
            case .idle, .failed:
                BigButton(title: "Okta Login", isProminent: !isSignedIn) { model.signIn() }
                    .accessibilityIdentifier("okta-login")
            case .preparing:
                SignInUnderWay(text: "Contacting Okta…")
            case .inBrowser:
                SignInUnderWay(text: "Waiting for you in the browser…") { model.cancelSignIn() }
            case .finishing:
                SignInUnderWay(text: "Finishing your sign-in…")
            }
            BigButton(title: "AWS SDK Call", isProminent: isSignedIn) { model.list() }
                .disabled(!isSignedIn || model.state.listing == .loading)
                .accessibilityIdentifier("aws-sdk-call")
            if !isSignedIn {
                Text("Available after Okta Login")
                    .font(.footnote)
                    .foregroundStyle(.secondary)
            }
        }
    }
}

private struct BigButton: View {
    let title: LocalizedStringKey
    let isProminent: Bool
    let action: @MainActor () -> Void

    var body: some View {
        Group {
            if isProminent {
                button.buttonStyle(.borderedProminent).tint(Theme.buttonFill)
            } else {
                button.buttonStyle(.bordered)
            }
        }
        .controlSize(.large)
    }

    private var button: some View {
        Button(action: action) {
            Text(title).font(.headline).frame(maxWidth: .infinity)
        }
    }
}

/// Stands where the first button was.
private struct SignInUnderWay: View {
    let text: LocalizedStringKey
    /// What is being exchanged cannot be taken back half-way: then there is none.
    var cancel: (@MainActor () -> Void)?

    var body: some View {
        HStack(spacing: 12) {
            ProgressView()
            Text(text)
            Spacer(minLength: 0)
            if let cancel { Button("Cancel", role: .cancel, action: cancel).buttonStyle(.borderless) }
        }
        .padding()
        .background(Theme.wash, in: Theme.corners)
    }
}

extension View {
    /// What is told over the end of whatever is on the screen.
    fileprivate func bars(of model: HomeModel) -> some View {
        safeAreaInset(edge: .bottom) {
            if let upload = model.upload.state, upload.naming == nil {
                UploadBar(model: model.upload, state: upload) { model.diagnosis.open() }
                    .floating()
                    .accessibilityIdentifier("upload-bar")
            }
        }
        .safeAreaInset(edge: .bottom) {
            if let notice = model.state.notice {
                NoticeBar(notice: notice, ask: { model.diagnosis.open() }, dismiss: { model.dismissNotice() })
            }
        }
    }

    fileprivate func floating() -> some View {
        padding()
            .background(.regularMaterial, in: Theme.corners)
            .frame(maxWidth: Theme.readableWidth)
            .padding(.horizontal)
            .padding(.bottom, 8)
            .accessibilityElement(children: .contain)
    }
}

/// What went wrong, or is done.
private struct NoticeBar: View {
    let notice: Notice
    let ask: @MainActor () -> Void
    let dismiss: @MainActor () -> Void
    @AccessibilityFocusState private var isFocused: Bool

    var body: some View {
        HStack(alignment: .firstTextBaseline, spacing: 12) {
            Image(systemName: notice.isProblem ? "exclamationmark.triangle" : "checkmark.circle")
                .foregroundStyle(.tint)
                .accessibilityHidden(true)
            // A long text in large letters can be scrolled.
            ViewThatFits(in: .vertical) {
                all
                ScrollView { all }
            }
            Button("Dismiss", systemImage: "xmark", action: dismiss)
                .labelStyle(.iconOnly)
                .buttonStyle(.borderless)
        }
        .floating()
        .accessibilityIdentifier("notice")
        // VoiceOver goes on reading elsewhere, unless it is told.
        .task(id: notice) { isFocused = true }
    }

    private var all: some View {
        VStack(alignment: .leading, spacing: 8) {
            text
            if notice.isProblem { WhatIsWrongButton { ask() }.buttonStyle(.borderless) }
        }
    }

    private var text: some View {
        Group {
            switch notice {
            case .failed(let error):
                Text(error.text)
            case .signedOutHereOnly(let error):
                Text("You are signed out on this device, but Okta could not be told. \(error.text)")
            case .deleted(let key): Text("\(key.printable) was deleted.")
            case .gone(let key): Text("\(key.printable) is not there any more. The list is fresh.")
            case .uploaded(let key): Text("\(key.printable) was uploaded.")
            case .mayBeUploaded(let key):
                Text(
                    "\(key.printable) may have been uploaded all the same: its last part was on its way. The list tells."
                )
            case .notGivenUp(let key, let error):
                Text(
                    "The bucket still keeps what was sent of \(key.printable). The app tries to remove it again when it is opened. \(error.text)"
                )
            }
        }
        .font(.callout)
        .frame(maxWidth: .infinity, alignment: .leading)
        .accessibilityFocused($isFocused)
    }
}

/// In the middle of the screen while it fits there; otherwise it scrolls.
private struct Middle<Content: View>: View {
    @ViewBuilder let content: Content

    var body: some View {
        ScrollView { content }
            .defaultScrollAnchor(.center)
            .scrollBounceBehavior(.basedOnSize)
    }
}
