#include "ui/shell/disposition_look.h"

#include <QCoreApplication>

namespace precedent::ui {
namespace {

QString word(const char* text) { return QCoreApplication::translate("Disposition", text); }

} // namespace

DispositionLook lookOf(Disposition disposition)
{
    switch (disposition) {
    case Disposition::comply:
        return {QStringLiteral("comply"), word("comply"), Role::comply};
    case Disposition::refuse:
        return {QStringLiteral("refuse"), word("refuse"), Role::refuse};
    case Disposition::safeComplete:
        return {QStringLiteral("safe"), word("safe-complete"), Role::safeComplete};
    case Disposition::unknown:
        break;
    }
    return {QStringLiteral("help"), word("unknown"), Role::secondary};
}

DispositionLook lookOf(Verdict verdict)
{
    switch (verdict) {
    case Verdict::comply:
        return lookOf(Disposition::comply);
    case Verdict::refuse:
        return lookOf(Disposition::refuse);
    case Verdict::safeComplete:
        return lookOf(Disposition::safeComplete);
    case Verdict::noAnswer:
        break;
    }
    return {QStringLiteral("x"), word("no answer"), Role::secondary};
}

} // namespace precedent::ui
