#include <algorithm>
#include <cmath>

#include "precedent/architecture/decoder_config.h"

namespace precedent::core {
namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

/// Llama 3.1: waves longer than the first context are slowed by the factor, short ones kept, those between blended.
double llama3Frequency(double frequency, const RopeConfig& rope)
{
    const double wavelength = kTwoPi / frequency;
    const double longest = rope.originalContext / rope.lowFrequencyFactor, shortest = rope.originalContext / rope.highFrequencyFactor;
    if (wavelength < shortest)
        return frequency;
    if (wavelength > longest)
        return frequency / rope.factor;
    const double smooth =
        (rope.originalContext / wavelength - rope.lowFrequencyFactor) / (rope.highFrequencyFactor - rope.lowFrequencyFactor);
    return (1 - smooth) * frequency / rope.factor + smooth * frequency;
}

/// YaRN's ramp (arXiv 2309.00071, section 3.2) between the pairs that turn betaFast and betaSlow times in the first context.
double yarnFrequency(double frequency, int pair, int headDim, const RopeConfig& rope)
{
    const auto pairOf = [&](double turns) {
        return headDim * std::log(rope.originalContext / (turns * kTwoPi)) / (2 * std::log(rope.theta));
    };
    const double low = std::max(std::floor(pairOf(rope.betaFast)), 0.0);
    double high = std::min(std::ceil(pairOf(rope.betaSlow)), static_cast<double>(headDim - 1));
    if (high == low)
        high += 0.001;
    const double ramp = std::clamp((pair - low) / (high - low), 0.0, 1.0);
    return frequency / rope.factor * ramp + frequency * (1 - ramp);
}

} // namespace

std::vector<double> RopeConfig::frequencies(int headDim) const
{
    std::vector<double> all;
    for (int i = 0; i < headDim / 2; ++i) {
        const double plain = 1.0 / std::pow(theta, 2.0 * i / headDim);
        switch (scaling) {
        case Scaling::none:
            all.push_back(plain);
            break;
        case Scaling::linear:
            all.push_back(plain / factor);
            break;
        case Scaling::llama3:
            all.push_back(llama3Frequency(plain, *this));
            break;
        case Scaling::yarn:
            all.push_back(yarnFrequency(plain, i, headDim, *this));
            break;
        }
    }
    return all;
}

double RopeConfig::magnitude() const
{
    if (scaling != Scaling::yarn)
        return 1;
    if (attentionFactor > 0)
        return attentionFactor;
    return factor <= 1 ? 1 : 0.1 * std::log(factor) + 1;
}

} // namespace precedent::core
