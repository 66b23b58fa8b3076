import Foundation
import Jetbridge
import Testing

@testable import JetbridgeDemo

@MainActor
@Suite(.timeLimit(.minutes(5)))
struct HomeModelTests {
    @Test("two buttons, from nobody to the rows")
    func wholeWay() async throws {
        let bench = try await Bench()
        let model = bench.model()
        #expect(model.state.bucket == "jetbridge-demo")
        #expect(model.state.account == .loading)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }

        model.signIn()
        try await eventually("Alice is signed in") { model.account != nil }
        try await eventually("the sign-in is over") { model.state.signIn == .idle }
        let account = try #require(model.account)
        #expect(account.name == "Alice Archer")
        #expect(account.initials == "AA")
        guard case .left(let left) = account.okta.reading else { throw CancellationError() }
        #expect(left > .seconds(3_500))
        #expect(account.aws.reading == .notNeededYet)
        #expect(model.state.listing == .notAsked)

        model.list()
        #expect(model.state.listing == .loading)
        try await eventually("the rows") { model.rows != nil }
        let rows = try #require(model.rows)
        #expect(rows.objects.contains { $0.key == "reports/2026/summary.csv" && $0.size > 0 && $0.changed != nil })
        guard case .left(let keys) = try #require(model.account).aws.reading else { throw CancellationError() }
        #expect(keys > .seconds(3_500))

        model.loadMore()
        try await eventually("that is all of them") { model.rows?.hasMore == false }
        #expect(model.rows?.objects == rows.objects)
        #expect(model.state.notice == nil)
    }

    @Test("the email address, which comes a moment later, is shown")
    func email() async throws {
        let model = try await Bench().signedIn()
        try await eventually("the address") { model.account?.email == "alice@example.com" }
    }

    @Test("the end of the list brings one page more, until there are no more")
    func pages() async throws {
        let bench = try await Bench(bucket: "scale-2500")
        let model = try await bench.listed()
        #expect(model.rows?.objects.count == 1_000)
        var numbers = [try #require(model.rows).page]
        try await model.loadMoreUntil {
            numbers.append($0.page)
            return !$0.hasMore
        }
        #expect(model.rows?.objects.count == 2_500)
        #expect(Set(numbers).count == numbers.count)
        #expect(try bench.stack.count(operation: "ListObjectsV2") == 3)
    }

    @Test("pulling down lists again, and the rows stay until then")
    func refresh() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        let first = try #require(model.rows)
        model.list()
        #expect(model.rows?.isRefreshing == true)
        #expect(model.rows?.objects == first.objects)
        model.loadMore()
        try await eventually("the list is refreshed") { model.rows?.isRefreshing == false }
        let second = try #require(model.rows)
        #expect(second.objects == first.objects)
        // The end of the list, if it is in sight, has to notice that this is another one.
        #expect(second.page != first.page)
        await model.refresh()
        #expect(try #require(model.rows).page != second.page)
        #expect(try bench.stack.count(operation: "ListObjectsV2") == 3)
    }

    @Test("an empty bucket")
    func empty() async throws {
        let model = try await Bench(bucket: "scale-0").listed()
        model.loadMore()
        try await eventually("no rows") { model.rows?.hasMore == false }
        #expect(model.rows?.objects.isEmpty == true)
    }

    @Test("a refused listing says what to do, and trying again works")
    func refused() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        try bench.refuseListings(true)
        await model.refresh()
        guard case .failed(let error) = model.state.listing else { throw CancellationError() }
        #expect(error.canRetry)
        #expect(error.text.contains("Ask your administrator"))
        #expect(model.state.notice == nil)
        try bench.refuseListings(false)
        model.list()
        #expect(model.state.listing == .loading)
        try await eventually("the rows") { model.rows != nil }
    }

    @Test("without a network the list says so, can be tried again, and nobody is signed out")
    func offline() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        try bench.stack.injectFault(name: "network-down", times: 1_000)
        await model.refresh()
        guard case .failed(let error) = model.state.listing, case .retryable = error else { throw CancellationError() }
        #expect(error.canRetry)
        #expect(model.account?.name == "Alice Archer")
        #expect(model.state.notice == nil)
    }

    @Test("a sign-out in another process of the app is noticed, and nothing of the rows is left")
    func signedOutElsewhere() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        try await eventually("everything is saved") { model.account?.email != nil }
        try await bench.session().signOut(.local)
        // The store is looked at once a minute.
        try bench.stack.advanceClock(seconds: 120)
        await model.refresh()
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(model.state.listing == .notAsked)
    }

    @Test("a bucket that does not exist")
    func missing() async throws {
        let model = try await Bench(bucket: "no-such-bucket").signedIn()
        await model.refresh()
        guard case .failed(.notFound) = model.state.listing else { throw CancellationError() }
    }

    @Test("when the next page does not come, the rows stay, and trying again lists from the beginning")
    func nextPageFailed() async throws {
        let bench = try await Bench(bucket: "scale-2500")
        let model = try await bench.listed()
        try bench.refuseListings(true)
        // The core asks for a page in advance, so that one may still come.
        try await model.loadMoreUntil { $0.problem != nil }
        let failed = try #require(model.rows)
        #expect([1_000, 2_000].contains(failed.objects.count))
        #expect(failed.hasMore)
        #expect(model.state.notice == nil)

        try bench.refuseListings(false)
        model.loadMore()
        #expect(model.rows?.problem == nil)
        #expect(model.rows?.objects == failed.objects)
        try await model.loadMoreUntil { !$0.hasMore }
        #expect(model.rows?.objects.count == 2_500)
    }

    @Test("when pulling down fails, the rows stay, and the user is told where they look")
    func refreshFailed() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        let rows = try #require(model.rows)
        try bench.refuseListings(true)
        await model.refresh()
        #expect(model.rows?.objects == rows.objects)
        #expect(model.rows?.isRefreshing == false)
        #expect(model.rows?.problem != nil)
        guard case .accessDenied = model.noticed else { throw CancellationError() }
        try bench.refuseListings(false)
        await model.refresh()
        #expect(model.state.notice == nil)
        #expect(model.rows?.problem == nil)
    }

    @Test("signing out forgets the rows and the search, and Okta Login works again")
    func signOut() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        model.search = "report"
        #expect(model.state.query == "report")
        model.signOut(.local)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(model.state.listing == .notAsked)
        #expect(model.state.search == "")
        #expect(try bench.stack.count(operation: "revoke") == 0)
        model.signIn()
        try await eventually("Alice is back") { model.account != nil }
        #expect(model.state.listing == .notAsked)
    }

    @Test("a page that comes after the sign-out is nobody's")
    func latePage() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        try bench.stack.setLatency(milliseconds: 300)
        model.list()
        model.signOut(.local)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        try bench.stack.setLatency(milliseconds: 0)
        try await Task.sleep(for: .seconds(1))
        #expect(model.state.listing == .notAsked)
    }

    @Test("signing out at Okta takes the session back")
    func revoke() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        model.signOut(.revoke)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        try await eventually("Okta knows") { try bench.stack.count(operation: "revoke") > 0 }
        #expect(model.state.notice == nil)
    }

    @Test("when Okta cannot be told, the device is signed out and the user knows")
    func signedOutHereOnly() async throws {
        let bench = try await Bench()
        let model = try await bench.signedIn()
        try bench.stack.injectFault(name: "network-down", times: 1_000)
        model.signOut(.revoke)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        try await eventually("the notice") { model.state.notice != nil }
        guard case .signedOutHereOnly(.retryable) = model.state.notice else { throw CancellationError() }
        model.dismissNotice()
        #expect(model.state.notice == nil)
    }

    @Test("signing the browser out opens Okta's page")
    func endSession() async throws {
        let bench = try await Bench(endsBrowserSessionAt: "com.okta.local-jetbridge:/logout")
        let model = try await bench.signedIn()
        model.signOut(.endSession)
        try await eventually("the page") { bench.browser.opened.count == 2 }
        #expect(bench.browser.opened.last?.path().hasSuffix("/logout") == true)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(model.state.notice == nil)
    }

    @Test("a sign-out page that cannot be shown is told")
    func endSessionFailed() async throws {
        let bench = try await Bench(endsBrowserSessionAt: "com.okta.local-jetbridge:/logout")
        let model = try await bench.signedIn()
        let failure = JetbridgeError.browserUnavailable(detail: "no window")
        bench.browser.behaviour = .fails(failure)
        model.signOut(.endSession)
        try await eventually("the notice") { model.noticed == failure }
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
    }

    @Test("closing the sheet leaves no reproach")
    func closedSheet() async throws {
        let bench = try await Bench()
        bench.browser.behaviour = .waits
        let model = bench.model()
        model.signIn()
        try await eventually("the sheet is open") { model.state.signIn == .inBrowser && !bench.browser.opened.isEmpty }
        bench.browser.close()
        try await eventually("it is as before") {
            model.state.signIn == .idle && model.state.account == .signedOut(nil)
        }
        #expect(model.state.notice == nil)
        bench.browser.behaviour = .follows(login: "alice@example.com")
        model.signIn()
        try await eventually("Alice is signed in") { model.account != nil }
    }

    @Test("Cancel closes the sheet")
    func cancel() async throws {
        let bench = try await Bench()
        bench.browser.behaviour = .waits
        let model = bench.model()
        model.signIn()
        try await eventually("the sheet is open") { model.state.signIn == .inBrowser }
        // Another tap does not open another one.
        model.signIn()
        model.cancelSignIn()
        try await eventually("it is as before") {
            model.state.signIn == .idle && model.state.account == .signedOut(nil)
        }
        #expect(bench.browser.opened.count == 1)
        #expect(model.state.notice == nil)
    }

    @Test("a sign-in that fails says why, until it is read or tried again")
    func signInFailed() async throws {
        let bench = try await Bench()
        let failure = JetbridgeError.browserUnavailable(detail: "no window")
        bench.browser.behaviour = .fails(failure)
        let model = bench.model()
        model.signIn()
        try await eventually("the notice") { model.noticed == failure }
        model.dismissNotice()
        try await eventually("nothing is left of it") { model.state.signIn == .idle }
        #expect(model.state.notice == nil)

        model.signIn()
        try await eventually("the notice") { model.noticed == failure }
        bench.browser.behaviour = .waits
        model.signIn()
        #expect(model.state.notice == nil)
        try await eventually("the sheet is open") { model.state.signIn == .inBrowser }
        #expect(model.state.notice == nil)
        model.cancelSignIn()
    }

    @Test("another user finds nothing of the one before")
    func anotherUser() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        bench.browser.behaviour = .follows(login: "bob@example.com")
        model.signIn()
        try await eventually("Bob is signed in") { model.account?.name == "Bob Baker" }
        #expect(model.state.listing == .notAsked)
    }

    @Test("the same user, who signs in again, keeps the rows")
    func sameUser() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        model.signIn()
        try await eventually("the sign-in is over") { bench.browser.opened.count == 2 && model.state.signIn == .idle }
        #expect(model.rows?.objects.isEmpty == false)
    }

    @Test("the app is started again: the session is there, without a question")
    func restarted() async throws {
        let bench = try await Bench()
        _ = try await bench.signedIn()
        let model = bench.model()
        try await eventually("Alice is there") { model.account?.name == "Alice Archer" }
        #expect(bench.browser.opened.count == 1)
    }

    @Test("a sheet that was killed with the app: the app offers to sign in, and takes a redirect that still comes")
    func killed() async throws {
        let bench = try await Bench()
        let request = try await bench.session().manualSignIn.begin()
        let url = request.url
        let redirect = try await bench.browser.signIn(at: url, "alice@example.com")

        let model = bench.model()
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        #expect(model.state.signIn == .idle)
        model.open(redirect)
        try await eventually("Alice is signed in") { model.account != nil }
        #expect(model.state.notice == nil)
    }

    @Test("a stray redirect is told, an address that is no redirect is not, and neither changes anything")
    func stray() async throws {
        let bench = try await Bench()
        let model = bench.model()
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        model.open(try #require(URL(string: "com.okta.local-jetbridge:/elsewhere")))
        model.open(try #require(URL(string: "com.okta.local-jetbridge:/callback?code=x&state=y")))
        try await eventually("the notice") { model.state.notice != nil }
        guard case .unexpectedRedirect = model.noticed else { throw CancellationError() }
        model.signIn()
        try await eventually("Alice is signed in") { model.account != nil }
        #expect(model.state.notice == nil)
    }

    @Test("an app without its configuration says so, and its buttons do no harm")
    func notSetUp() async {
        let missing = JetbridgeError.configurationFileMissing(file: "okta-config.json")
        let model = HomeModel { () throws(JetbridgeError) in throw missing }
        #expect(model.state.account == .notSetUp(missing))
        model.signIn()
        model.cancelSignIn()
        model.signOut(.local)
        model.restore()
        model.loadMore()
        if let url = URL(string: "com.example:/callback") { model.open(url) }
        await model.refresh()
        #expect(model.state == HomeState(account: .notSetUp(missing)))
    }

    @Test("a store that is locked at the start is waited for, and loses nothing")
    func lockedStore() async throws {
        let bench = try await Bench()
        _ = try await bench.signedIn()
        bench.store.lockPhone()
        let model = bench.model()
        try await eventually("the store is locked") { model.state.account == .unavailable }
        model.restore()
        try await Task.sleep(for: .milliseconds(100))
        #expect(model.state.account == .unavailable)
        bench.store.unlockPhone()
        model.restore()
        try await eventually("Alice is there") { model.account != nil }
    }

    @Test("starting over erases what cannot be read")
    func startOver() async throws {
        let bench = try await Bench()
        _ = try await bench.signedIn()
        bench.store.lockPhone()
        let model = bench.model()
        try await eventually("the store is locked") { model.state.account == .unavailable }
        model.signOut(.local)
        try await eventually("the notice") { model.state.notice != nil }
        bench.store.unlockPhone()
        model.signOut(.local)
        try await eventually("nobody is there") { model.state.account == .signedOut(nil) }
        let again = bench.model()
        try await eventually("nobody is there") { again.state.account == .signedOut(nil) }
    }

    @Test("the clocks go on while somebody looks")
    func clocks() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        let watching = Task { await model.keepTime(every: .milliseconds(10)) }
        try bench.stack.advanceClock(seconds: 3_570)
        try await eventually("under a minute") { model.account?.okta.reading == .underAMinute }
        try bench.stack.advanceClock(seconds: 60)
        try await eventually("both have run out") {
            model.account?.okta.reading == .renewedAtNextUse && model.account?.aws.reading == .renewedAtNextUse
        }
        // Using it winds both up.
        await model.refresh()
        guard case .left = model.account?.okta.reading, case .left = model.account?.aws.reading else {
            throw CancellationError()
        }
        watching.cancel()
        await watching.value
    }

    @Test("a session that Okta has ended says why")
    func ended() async throws {
        let bench = try await Bench()
        let model = try await bench.listed()
        try await eventually("everything is saved") { model.account?.email != nil }
        let copy = bench.store.copy
        try await bench.session(over: copy).signOut(.revoke)
        try bench.stack.advanceClock(seconds: 7_500)
        await model.refresh()
        try await eventually("the reason") {
            model.state.account == .signedOut(.refreshTokenRefused(code: "invalid_grant"))
        }
        #expect(model.state.listing == .notAsked)
    }

    @Test("a model for pictures shows what it is given, and does nothing", arguments: Sample.all.map(\.name))
    func samples(name: String) async throws {
        let sample = try #require(Sample.named(name))
        let model = sample.model
        model.signIn()
        model.loadMore()
        await model.refresh()
        model.objects.open("other")
        model.objects.download("other")
        model.objects.delete("other")
        await model.objects.lookAgain()
        model.upload.take(into: "") { nil }
        model.upload.start()
        #expect(model.state.account == sample.state.account)
        #expect(model.state.listing == sample.state.listing)
        #expect(model.objects.state == sample.objects)
        #expect(model.upload.state == sample.upload)
    }
}
