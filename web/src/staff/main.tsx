import '../ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { OepProvider } from '../api';
import { applyTheme } from '../ui/theme';
import { Words } from '../words/Words';
import { Staff } from './Staff';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
applyTheme();
createRoot(root).render(
  <StrictMode>
    <Words of={['common', 'ui', 'staff']}>
      <OepProvider>
        <Staff />
      </OepProvider>
    </Words>
  </StrictMode>,
);
