// One quiet look for both modes: harbour water for what can be pressed (AccentColor, ButtonFill), the system's own colours
// for everything else. No colour means something by itself: every state is also said in words.
import SwiftUI

enum Theme {
    /// Behind the white letters of the button that stands out. The accent of the dark mode is too light for that.
    static let buttonFill = Color("ButtonFill")
    /// Behind a picture or a word that belongs to the app.
    static let wash = Color.accentColor.opacity(0.14)
    /// Lines of text longer than this are hard to follow on an iPad.
    static let readableWidth = 640.0
    static let corners = RoundedRectangle(cornerRadius: 16)
}

/// The app's mark: a bridge between two shores.
struct BridgeMark: Shape {
    nonisolated func path(in rect: CGRect) -> Path {
        let unit = min(rect.width, rect.height) / 24
        func point(_ x: CGFloat, _ y: CGFloat) -> CGPoint {
            CGPoint(x: rect.midX + (x - 12) * unit, y: rect.midY + (y - 12) * unit)
        }
        var path = Path()
        func line(_ from: CGPoint, _ to: CGPoint) {
            path.move(to: from)
            path.addLine(to: to)
        }
        line(point(2, 17.5), point(22, 17.5))
        line(point(6.5, 21), point(6.5, 5))
        line(point(17.5, 21), point(17.5, 5))
        line(point(9.5, 17.5), point(9.5, 10.9))
        line(point(12, 17.5), point(12, 11.5))
        line(point(14.5, 17.5), point(14.5, 10.9))
        path.move(to: point(2, 12))
        path.addQuadCurve(to: point(6.5, 6), control: point(5.5, 10.5))
        path.addQuadCurve(to: point(17.5, 6), control: point(12, 17))
        path.addQuadCurve(to: point(22, 12), control: point(18.5, 10.5))
        return path.strokedPath(StrokeStyle(lineWidth: 1.6 * unit, lineCap: .round, lineJoin: .round))
    }
}
