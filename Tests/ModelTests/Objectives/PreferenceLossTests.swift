import Foundation
import Model
import TestSupport
import Testing

@Suite("Preference losses")
struct PreferenceLossTests {
    static func pair(policyMargin: Double, referenceMargin: Double) -> PairLogProbabilities {
        PairLogProbabilities(
            policyChosen: -20 + policyMargin, policyRejected: -20, referenceChosen: -25 + referenceMargin,
            referenceRejected: -25, chosenTokens: 9, rejectedTokens: 7)
    }

    @Test("loss is ln 2 when policy and reference agree", arguments: [0.01, 0.1, 1])
    func agreement(beta: Double) {
        let found = PreferenceObjective(beta: beta).evaluate(Self.pair(policyMargin: 3, referenceMargin: 3))
        #expect(found.loss == log(2))
        #expect(found.chosenGradient == -beta / 2 && found.rejectedGradient == beta / 2)
    }

    @Test("gradients are the losses' slopes", arguments: PreferenceLoss.allCases)
    func slopes(loss: PreferenceLoss) {
        let objective = PreferenceObjective(loss: loss, beta: 0.3, labelSmoothing: 0.1, likelihoodWeight: 0)
        for margin in [-8.0, -0.5, 0.7, 6] {
            let pair = Self.pair(policyMargin: margin, referenceMargin: 0.2), step = 1e-5
            func slope(_ place: WritableKeyPath<PairLogProbabilities, Double>) -> Double {
                var above = pair, below = pair
                above[keyPath: place] += step
                below[keyPath: place] -= step
                return (objective.evaluate(above).loss - objective.evaluate(below).loss) / (2 * step)
            }
            let found = objective.evaluate(pair)
            #expect(abs(found.chosenGradient - slope(\.policyChosen)) < 1e-8 * max(1, abs(found.chosenGradient)))
            #expect(
                abs(found.rejectedGradient - slope(\.policyRejected)) < 1e-8 * max(1, abs(found.rejectedGradient)))
        }
    }

    @Test("where policy and reference agree every loss but DiscoPOP's prefers the chosen response")
    func slopesAtAgreement() {
        let pair = Self.pair(policyMargin: 0, referenceMargin: 0)
        for loss in PreferenceLoss.allCases {
            let found = PreferenceObjective(loss: loss, beta: 0.1, labelSmoothing: loss == .exoPair ? 0.01 : 0)
                .evaluate(pair)
            // What a step along the gradient does to the margin.
            let rises = found.rejectedGradient - found.chosenGradient > 0
            #expect(rises == (loss != .discopop), "\(loss)")
        }
    }

    @Test("a loss far on either side stays finite")
    func saturation() {
        for margin in [-5_000.0, 5_000] {
            let found = PreferenceObjective(beta: 1).evaluate(Self.pair(policyMargin: margin, referenceMargin: 0))
            #expect(found.loss == max(0, -margin))
            #expect(found.chosenGradient == (margin < 0 ? -1 : 0))
        }
    }

    struct Golden: Decodable {
        struct Setting: Decodable {
            var name: String
            var loss_type: String
            var beta: Double
            var label_smoothing: Double?
            var f_divergence: String?
            var gamma: Double?
            var loss: [Double?]
            var gradient_policy_chosen: [Double?]
            var gradient_policy_rejected: [Double?]
        }
        var per_pair: [Setting]
    }

    struct Rows: Decodable {
        struct Row: Decodable {
            var policy_chosen: Double
            var policy_rejected: Double
            var reference_chosen: Double
            var reference_rejected: Double
            var chosen_length: Int
            var rejected_length: Int
        }
        var rows: [Row]
    }

    @Test("agree with TRL in double precision", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func golden() throws {
        let rows = try GoldenModel.decode(Rows.self, "dpo-losses/rows.json").rows
        var compared: Set<PreferenceLoss> = []
        for setting in try GoldenModel.decode(Golden.self, "dpo-losses/losses.json").per_pair {
            // Divergences other than reverse KL are another issue's.
            if setting.f_divergence != nil { continue }
            let name = ["cdpo": "sigmoid", "orpo_odds_ratio": "orpo"][setting.name] ?? setting.loss_type
            let type = setting.loss_type == "orpo_odds_ratio" ? "orpo" : name
            let loss = try #require(PreferenceLoss(rawValue: type), "\(setting.name)")
            compared.insert(loss)
            let objective = PreferenceObjective(
                loss: loss, beta: setting.beta, labelSmoothing: setting.label_smoothing ?? 0,
                targetMargin: setting.gamma ?? 0)
            for (index, row) in rows.enumerated() {
                let found = objective.evaluate(
                    PairLogProbabilities(
                        policyChosen: row.policy_chosen, policyRejected: row.policy_rejected,
                        referenceChosen: row.reference_chosen, referenceRejected: row.reference_rejected,
                        chosenTokens: row.chosen_length, rejectedTokens: row.rejected_length))
                for (value, exact) in [
                    (found.loss, setting.loss[index]),
                    (found.chosenGradient, setting.gradient_policy_chosen[index]),
                    (found.rejectedGradient, setting.gradient_policy_rejected[index]),
                ] {
                    guard let exact else { continue }
                    #expect(abs(value - exact) <= 1e-10 * max(1, abs(exact)), "\(setting.name), pair \(index)")
                }
            }
        }
        #expect(compared == Set(PreferenceLoss.allCases))
    }

    @Test("a parameter that cannot be is named")
    func refusals() {
        #expect(throws: ModelError.configuration(field: "beta", problem: "is 0.0; it must be positive")) {
            try PreferenceObjective(beta: 0).validate()
        }
        #expect(throws: ModelError.self) { try PreferenceObjective(loss: .exoPair).validate() }
    }
}
