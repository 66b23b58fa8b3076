// Where the app begins. The session is opened here, once, and outlives every scene.
import Foundation
import Jetbridge
import SwiftUI

@main
struct JetbridgeDemoApp: App {
    @State private var model = JetbridgeDemoApp.start()

    var body: some Scene {
        WindowGroup {
            HomeView(model: model)
                .onOpenURL { model.open($0) }
        }
    }

    private static func start() -> HomeModel {
        #if DEBUG
        // The UI tests take a picture of every state there is.
        if let name = ProcessInfo.processInfo.environment["JETBRIDGE_SAMPLE"], let sample = Sample.named(name) {
            return sample.model
        }
        #endif
        return HomeModel { () throws(JetbridgeError) in try JetbridgeSession() }
    }
}
