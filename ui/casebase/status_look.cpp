#include "ui/casebase/status_look.h"

#include <QCoreApplication>

namespace precedent::ui {
namespace {

QString word(const char* text) { return QCoreApplication::translate("CaseStatus", text); }

} // namespace

StatusLook lookOf(casebase::CaseStatus status)
{
    switch (status) {
    case casebase::CaseStatus::draft:
        return {QStringLiteral("draft"), word("draft")};
    case casebase::CaseStatus::inReview:
        return {QStringLiteral("review"), word("in review")};
    case casebase::CaseStatus::approved:
        return {QStringLiteral("approved"), word("approved")};
    case casebase::CaseStatus::retired:
        break;
    }
    return {QStringLiteral("x"), word("retired")};
}

} // namespace precedent::ui
