#include "ui/runs/reward_panel.h"

#include <array>
#include <cmath>

#include <QLocale>
#include <QPainter>

#include "ui/shell/theme.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kWidth = 300;
constexpr int kRow = 28;
constexpr int kMargin = 16;
constexpr std::array kParts{"disposition", "harmlessness", "citation", "format", "overlong", "helpful"}; // the last if it has a weight

QString number(double value, int decimals) { return QLocale().toString(value, 'f', decimals); }

} // namespace

RewardPanel::RewardPanel(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("rewardPanel"));
    setMinimumWidth(kWidth);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void RewardPanel::setMark(std::optional<ExampleMark> mark, double threshold)
{
    m_mark = mark;
    m_threshold = threshold;
    update();
}

void RewardPanel::setWeights(const std::map<std::string, double>& weights)
{
    m_weights = weights;
    update();
}

void RewardPanel::setRollout(const casebase::Rollout* rollout, double mean, double spread, int group)
{
    m_rollout = rollout == nullptr ? std::nullopt : std::optional(*rollout);
    m_mean = mean;
    m_spread = spread;
    m_group = group;
    setAccessibleDescription(
        rollout == nullptr ? QString() : tr("reward %1, advantage %2").arg(number(rollout->reward, 2), number(rollout->advantage, 2)));
    update();
}

void RewardPanel::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    painter.fillRect(rect(), theme.color(Role::window));
    if (!m_rollout)
        return;
    const int right = width() - kMargin;
    int y = 8;
    const auto heading = [&](const QString& title, const QString& value) {
        painter.setFont(sectionFont());
        painter.setPen(theme.color(Role::text));
        painter.drawText(QRect(kMargin, y, right - kMargin, kRow), Qt::AlignVCenter | Qt::AlignLeft, title);
        painter.drawText(QRect(kMargin, y, right - kMargin, kRow), Qt::AlignVCenter | Qt::AlignRight, value);
        y += kRow + 4;
    };
    heading(tr("Reward"), number(m_rollout->reward, 2));
    painter.setFont(bodyFont());
    for (const char* part : kParts) {
        const QString name = QString::fromLatin1(part);
        const auto found = m_rollout->rewards.find(part);
        const auto weight = m_weights.find(part);
        if (name == QLatin1String("helpful") && found == m_rollout->rewards.end() && (weight == m_weights.end() || weight->second <= 0))
            continue;
        painter.fillRect(QRect(kMargin, y + 9, 10, 10), theme.partColor(name));
        painter.setPen(theme.color(Role::text));
        painter.drawText(QRect(kMargin + 18, y, 100, kRow), Qt::AlignVCenter, name);
        if (found == m_rollout->rewards.end()) {
            painter.setPen(theme.color(Role::secondary));
            painter.drawText(QRect(kMargin, y, right - kMargin, kRow), Qt::AlignVCenter | Qt::AlignRight, tr("not asked here"));
        } else {
            const int left = kMargin + 108;
            const int reach = std::max(20, right - 108 - left);
            painter.fillRect(QRect(left, y + 10, reach, 8), theme.color(Role::track));
            painter.fillRect(QRect(left, y + 10, static_cast<int>(std::lround(std::min(1.0, std::abs(found->second)) * reach)), 8),
                theme.partColor(name));
            painter.drawText(QRect(left + reach, y, 36, kRow), Qt::AlignVCenter | Qt::AlignRight, number(found->second, 2));
            if (weight != m_weights.end()) {
                painter.setPen(theme.color(Role::secondary));
                painter.drawText(QRect(left + reach + 36, y, right - left - reach - 36, kRow), Qt::AlignVCenter | Qt::AlignRight,
                    QStringLiteral("%1 %2").arg(QChar(0x00D7)).arg(number(weight->second, 2)));
            }
        }
        y += kRow;
    }
    painter.setFont(secondaryFont());
    painter.setPen(theme.color(Role::secondary));
    const QString gate =
        tr("Format and citation are paid only where the disposition is right. The reward is the weighted mean of the parts asked.");
    QRect used;
    painter.drawText(QRect(kMargin, y + 2, right - kMargin, 60), Qt::AlignLeft | Qt::TextWordWrap, gate, &used);
    y = used.bottom() + 12;
    painter.fillRect(QRect(kMargin, y, right - kMargin, 1), theme.color(Role::border));
    y += 8;
    if (m_mark)
        heading(tr("Learnt from"),
            *m_mark == ExampleMark::kept           ? tr("kept")
                : *m_mark == ExampleMark::rejected ? tr("rejected")
                                                   : QString());
    else
        heading(tr("Advantage"), (m_rollout->advantage > 0.005 ? QStringLiteral("+") : QString()) + number(m_rollout->advantage, 2));
    painter.setFont(secondaryFont());
    painter.setPen(theme.color(Role::secondary));
    painter.drawText(QRect(kMargin, y - 4, right - kMargin, 100), Qt::AlignLeft | Qt::TextWordWrap,
        tr("The group of %1 has a mean of %2 and a standard deviation of %3. %4")
            .arg(m_group)
            .arg(number(m_mean, 2), number(m_spread, 2), effect()));
}

QString RewardPanel::effect() const
{
    if (!m_mark) {
        return m_rollout->advantage > 0.005 ? tr("The step makes this answer likelier.")
            : m_rollout->advantage < -0.005 ? tr("The step makes this answer less likely.")
                                            : tr("The step leaves this answer as it is.");
    }
    switch (*m_mark) {
    case ExampleMark::kept:
        return tr("The best whole answer, and not under %1: steps that learn from examples learn from it.").arg(number(m_threshold, 2));
    case ExampleMark::rejected:
        return tr("The worst of the group: steps that learn preferences prefer the kept answer to it.");
    case ExampleMark::passed:
        return tr("The best whole answer of a group is kept if it earned %1. This one is not learnt from.").arg(number(m_threshold, 2));
    case ExampleMark::unknown:
        break;
    }
    return tr("Which answer is kept, the next checkpoint says.");
}

} // namespace precedent::ui
