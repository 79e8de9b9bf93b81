#pragma once

#include <QWidget>

#include <map>
#include <optional>
#include <string>

#include "precedent/casebase/run_store.h"
#include "ui/runs/rollout_model.h"

namespace precedent::ui {

/// What one rollout earned: each part with its bar, weight and share, the sum, and the advantage in words. 300 px wide.
class RewardPanel final : public QWidget {
    Q_OBJECT
public:
    explicit RewardPanel(QWidget* parent = nullptr);

    void setWeights(const std::map<std::string, double>& weights);
    /// `mean`, `spread`: of the group's rewards.
    void setRollout(const casebase::Rollout* rollout, double mean, double spread, int group);
    /// Of a self-generation step, which changes no weights: what became of the answer, and the reward from which one is kept.
    /// No value: a step that learns.
    void setMark(std::optional<ExampleMark> mark, double threshold);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    [[nodiscard]] QString effect() const;

    std::map<std::string, double> m_weights;
    std::optional<casebase::Rollout> m_rollout;
    double m_mean = 0;
    double m_spread = 0;
    int m_group = 0;
    std::optional<ExampleMark> m_mark;
    double m_threshold = 0;
};

} // namespace precedent::ui
