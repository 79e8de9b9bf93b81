#pragma once

#include <string>

#include <QObject>

#include "precedent/base/domain.h"
#include "precedent/base/result.h"

class QWidget;

namespace precedent::casebase {
class Casebase;
}

namespace precedent::ui {

/// Whether sensitive text is shown. One switch for the whole program: what was revealed in one place is revealed in the next, until
/// it is hidden again; a new start hides. UI thread.
class Reveal final : public QObject {
    Q_OBJECT
public:
    static Reveal& instance();

    [[nodiscard]] bool isOn() const { return m_on; }
    void setOn(bool on);

Q_SIGNALS:
    void changed();

private:
    bool m_on = false;
};

/// Cases and requests that ask for harm are sensitive, unless they are the made-up ones of the sample.
[[nodiscard]] bool isSensitive(Disposition disposition, const std::string& source);
[[nodiscard]] bool isSensitive(PromptLabel label, const std::string& source);

/// Whether any request of the casebase is sensitive: one look into the index of labels. Worker thread of a CasebaseBridge.
[[nodiscard]] Result<bool> anySensitive(const casebase::Casebase& casebase);
/// Whether some case is sensitive, so that a prompt with cases in it may be.
[[nodiscard]] Result<bool> anySensitiveCase(const casebase::Casebase& casebase);

/// Blurs a widget and all in it, or shows it again.
void setBlurred(QWidget& widget, bool blurred);

} // namespace precedent::ui
