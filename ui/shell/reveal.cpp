#include "ui/shell/reveal.h"

#include <QGraphicsBlurEffect>
#include <QWidget>

#include "precedent/workspace/answer_judge.h"

namespace precedent::ui {
namespace {

constexpr int kBlurRadius = 10;

} // namespace

Reveal& Reveal::instance()
{
    static Reveal reveal;
    return reveal;
}

void Reveal::setOn(bool on)
{
    if (on == m_on)
        return;
    m_on = on;
    Q_EMIT changed();
}

bool isSensitive(Disposition disposition, const std::string& source)
{
    return disposition != Disposition::comply && source != workspace::kSampleSource;
}

bool isSensitive(PromptLabel label, const std::string& source)
{
    return (label == PromptLabel::harmful || label == PromptLabel::attack) && source != workspace::kSampleSource;
}

void setBlurred(QWidget& widget, bool blurred)
{
    if (!blurred) {
        widget.setGraphicsEffect(nullptr);
    } else if (widget.graphicsEffect() == nullptr) {
        auto* blur = new QGraphicsBlurEffect;
        blur->setBlurRadius(kBlurRadius);
        widget.setGraphicsEffect(blur);
    }
}

} // namespace precedent::ui
