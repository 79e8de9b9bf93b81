#include "ui/shell/reveal.h"

#include <QGraphicsBlurEffect>
#include <QWidget>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/prompt_store.h"
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

Result<bool> anySensitive(const casebase::Casebase& casebase)
{
    casebase::PromptFilter filter;
    filter.labels = {PromptLabel::harmful, PromptLabel::attack};
    filter.notSource = workspace::kSampleSource;
    return casebase.prompts().any(filter);
}

Result<bool> anySensitiveCase(const casebase::Casebase& casebase)
{
    casebase::CaseFilter filter;
    filter.dispositions = {Disposition::refuse, Disposition::safeComplete, Disposition::unknown};
    const Result<std::int64_t> all = casebase.cases().count(filter);
    if (!all)
        return all.error();
    filter.source = workspace::kSampleSource;
    const Result<std::int64_t> ofSample = casebase.cases().count(filter);
    if (!ofSample)
        return ofSample.error();
    return all.value() > ofSample.value();
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
