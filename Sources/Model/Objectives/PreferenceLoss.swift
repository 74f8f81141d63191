import Foundation

/// Log-probabilities of one pair, sums over each response's tokens, in nats.
public struct PairLogProbabilities: Sendable, Hashable {
    public var policyChosen: Double
    public var policyRejected: Double
    public var referenceChosen: Double
    public var referenceRejected: Double
    /// Target tokens of each response; some losses average over them.
    public var chosenTokens: Int
    public var rejectedTokens: Int

    public init(
        policyChosen: Double, policyRejected: Double, referenceChosen: Double, referenceRejected: Double,
        chosenTokens: Int, rejectedTokens: Int
    ) {
        self.policyChosen = policyChosen
        self.policyRejected = policyRejected
        self.referenceChosen = referenceChosen
        self.referenceRejected = referenceRejected
        self.chosenTokens = chosenTokens
        self.rejectedTokens = rejectedTokens
    }

    /// r_w: policy minus reference, chosen.
    var chosenLogRatio: Double { policyChosen - referenceChosen }
    /// r_l: policy minus reference, rejected.
    var rejectedLogRatio: Double { policyRejected - referenceRejected }
    /// Δ = r_w - r_l.
    var margin: Double { chosenLogRatio - rejectedLogRatio }
}

/// A pair's loss and its derivatives with respect to the policy's two sums.
public struct PairLoss: Sendable, Hashable {
    public var loss: Double
    public var chosenGradient: Double
    public var rejectedGradient: Double

    init(_ loss: Double, chosen: Double, rejected: Double) {
        self.loss = loss
        chosenGradient = chosen
        rejectedGradient = rejected
    }

    /// A loss of the margin alone.
    init(_ loss: Double, margin derivative: Double) {
        self.init(loss, chosen: derivative, rejected: -derivative)
    }
}

/// Losses over one preference pair, under TRL's names.
///
/// `sigmoid` is DPO (Rafailov et al. 2023), the paper's; with label smoothing it is cDPO. The others are the relatives
/// that TRL and its neighbours train with. `simpo`, `cpo` and `orpo` have no reference; their authors add a likelihood
/// term, which is `PreferenceObjective.likelihoodWeight`. `kto` (Ethayarajh et al. 2024) takes a pair for a desirable
/// and an undesirable response, and measures both against the batch's divergence of policy and reference.
public enum PreferenceLoss: String, Codable, Sendable, CaseIterable {
    case sigmoid, robust, hinge, ipo
    case sigmoidNorm = "sigmoid_norm"
    case exoPair = "exo_pair"
    case ncaPair = "nca_pair"
    case bcoPair = "bco_pair"
    case sppoHard = "sppo_hard"
    case apoZero = "apo_zero"
    case apoDown = "apo_down"
    case discopop, simpo, cpo, orpo, kto

    /// Whether examples must have mismatched completions, from which the divergence is estimated.
    public var needsDivergence: Bool { self == .kto }
}

/// log(1 + eˣ), finite for every finite `x`.
func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// 1 / (1 + e⁻ˣ).
func logistic(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let e = exp(x)
    return e / (1 + e)
}

extension PreferenceObjective {
    /// The loss of one pair by `loss`, without the likelihood term, and its derivatives; not divided by the batch.
    ///
    /// - Parameter divergence: KTO's z, in nats, a constant to the derivatives; other losses do not look at it.
    public func evaluate(_ pair: PairLogProbabilities, divergence: Double = 0) -> PairLoss {
        let chosen = beta * pair.chosenLogRatio, rejected = beta * pair.rejectedLogRatio
        let x = beta * pair.margin
        let chosenLength = Double(pair.chosenTokens), rejectedLength = Double(pair.rejectedTokens)
        switch loss {
        case .sigmoid:
            return PairLoss(
                (1 - labelSmoothing) * softplus(-x) + labelSmoothing * softplus(x),
                margin: beta * (labelSmoothing * logistic(x) - (1 - labelSmoothing) * logistic(-x)))
        case .robust:
            let scale = 1 / (1 - 2 * labelSmoothing)
            return PairLoss(
                scale * ((1 - labelSmoothing) * softplus(-x) - labelSmoothing * softplus(x)),
                margin: -scale * beta * ((1 - labelSmoothing) * logistic(-x) + labelSmoothing * logistic(x)))
        case .hinge:
            return PairLoss(max(0, 1 - x), margin: x < 1 ? -beta : 0)
        case .ipo:
            let gap = pair.chosenLogRatio / chosenLength - pair.rejectedLogRatio / rejectedLength - 1 / (2 * beta)
            return PairLoss(gap * gap, chosen: 2 * gap / chosenLength, rejected: -2 * gap / rejectedLength)
        case .sigmoidNorm:
            return averaged(chosen / chosenLength - rejected / rejectedLength, chosenLength, rejectedLength)
        case .exoPair:
            let q = logistic(x), p = logistic(-x)
            let chosenTerm = -softplus(-x) - log(1 - labelSmoothing),
                rejectedTerm = -softplus(x) - log(labelSmoothing)
            return PairLoss(q * chosenTerm + p * rejectedTerm, margin: beta * q * p * (chosenTerm - rejectedTerm))
        case .ncaPair:
            return PairLoss(
                softplus(-chosen) + softplus(chosen) / 2 + softplus(rejected) / 2,
                chosen: beta * (logistic(chosen) / 2 - logistic(-chosen)), rejected: beta * logistic(rejected) / 2)
        case .bcoPair:
            return PairLoss(
                softplus(-chosen) + softplus(rejected), chosen: -beta * logistic(-chosen),
                rejected: beta * logistic(rejected))
        case .sppoHard:
            let high = pair.chosenLogRatio - 1 / (2 * beta), low = pair.rejectedLogRatio + 1 / (2 * beta)
            return PairLoss(high * high + low * low, chosen: 2 * high, rejected: 2 * low)
        case .apoZero:
            return PairLoss(
                logistic(-chosen) + logistic(rejected), chosen: -beta * logistic(chosen) * logistic(-chosen),
                rejected: beta * logistic(rejected) * logistic(-rejected))
        case .apoDown:
            let slope = beta * logistic(x) * logistic(-x)
            return PairLoss(
                logistic(chosen) + logistic(-x), chosen: beta * logistic(chosen) * logistic(-chosen) - slope,
                rejected: slope)
        case .discopop:
            let weight = logistic(x / Self.discopopTemperature), rest = logistic(-x / Self.discopopTemperature)
            let slope = weight * rest / Self.discopopTemperature
            return PairLoss(
                rest * softplus(-x) + weight * exp(-x),
                margin: beta * (slope * (exp(-x) - softplus(-x)) - rest * logistic(-x) - weight * exp(-x)))
        case .simpo:
            let gap = pair.policyChosen / chosenLength - pair.policyRejected / rejectedLength
            return averaged(beta * gap - targetMargin, chosenLength, rejectedLength)
        case .cpo:
            let gap = beta * (pair.policyChosen - pair.policyRejected)
            return PairLoss(softplus(-gap), margin: -beta * logistic(-gap))
        case .orpo:
            return oddsRatio(
                pair.policyChosen / chosenLength, pair.policyRejected / rejectedLength, chosenLength, rejectedLength)
        case .kto:
            return desirability(chosen - beta * divergence, beta * divergence - rejected)
        }
    }

    /// KTO's loss, where a pair is two rows: the mean of 1 − σ(desirable) and 1 − σ(undesirable), which is what TRL's
    /// mean over rows makes of it.
    private func desirability(_ desirable: Double, _ undesirable: Double) -> PairLoss {
        PairLoss(
            (logistic(-desirable) + logistic(-undesirable)) / 2,
            chosen: -beta * logistic(desirable) * logistic(-desirable) / 2,
            rejected: beta * logistic(undesirable) * logistic(-undesirable) / 2)
    }

    /// −log σ(x), where x falls by β for each nat per token of the rejected response.
    private func averaged(_ x: Double, _ chosenLength: Double, _ rejectedLength: Double) -> PairLoss {
        let slope = beta * logistic(-x)
        return PairLoss(softplus(-x), chosen: -slope / chosenLength, rejected: slope / rejectedLength)
    }

    /// ORPO's term: −β log σ(log odds of chosen − log odds of rejected), from log-probabilities per token.
    private func oddsRatio(
        _ chosen: Double, _ rejected: Double, _ chosenLength: Double, _ rejectedLength: Double
    ) -> PairLoss {
        // log(1 - eᵃ) through expm1: per-token probabilities come near 1.
        let x = chosen - rejected - log(-expm1(chosen)) + log(-expm1(rejected))
        let slope = beta * logistic(-x)
        return PairLoss(
            beta * softplus(-x), chosen: slope / (expm1(chosen) * chosenLength),
            rejected: -slope / (expm1(rejected) * rejectedLength))
    }
}
